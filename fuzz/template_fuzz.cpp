// Templates of claims and topics with what a client says in their places, against readers that are slow and obvious.
// Lines: a template, a user name, a client id, an attribute.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "input.h"
#include "promise.h"
#include "rules/template.h"
#include "rules/topic_filter.h"
#include "rules/topic_template.h"

namespace sallyport {
namespace {

struct Slow {
  bool known = true;   // every placeholder is one
  bool filled = true;  // and has something behind it
  bool clean = true;   // that stands in a topic as it is
  std::string text;
};

// From left to right, once; what was put in is not looked at again.
Slow slowly(std::string_view source, std::string_view user, std::string_view client,
            std::optional<std::string_view> attribute, bool topics) {
  Slow out;
  for (std::size_t i = 0; i < source.size();) {
    std::optional<std::string_view> value;
    bool placeholder = true;
    if (source.substr(i, 2) == "%u") {
      value = user, i += 2;
    } else if (source.substr(i, 2) == "%c") {
      value = client, i += 2;
    } else if (source.substr(i, 2) == "${") {
      const std::size_t end = source.find('}', i);
      const std::string_view name = source.substr(i + 2, end == source.npos ? source.npos : end - i - 2);
      if (end == source.npos)
        out.known = false;
      else if (name == "username")
        value = user;
      else if (name == "clientid")
        value = client;
      else if (topics && name == "client_attrs.site")
        value = attribute.value_or("");
      else if (topics && name.substr(0, 13) == "client_attrs." && name.size() > 13)
        value = "";
      else
        out.known = false;
      if (!out.known) return out;
      i = end + 1;
    } else {
      placeholder = false;
      out.text += source[i++];
    }
    if (!placeholder) continue;
    if (value->empty()) out.filled = false;
    for (const char c : *value)
      if (c == '+' || c == '#' || c == '\0' || c == '/') out.clean = false;
    out.text += *value;
  }
  return out;
}

void look(Input in) {
  const std::string_view source = in.line(), user = in.line(), client = in.line();
  const std::string attribute(in.line());
  const TemplateValues values{user, client};
  const Slow want = slowly(source, user, client, std::nullopt, false);
  const auto made = Template::compile(source);
  promise(made.has_value() == want.known, "a template is one where each placeholder is known");
  if (made) {
    const auto text = made->render(values);
    promise(text.has_value() == want.filled, "nothing behind a placeholder is no rendering");
    if (text) {
      promise(*text == want.text && made->matches(*text, values), "a rendering is the slow one, and matches");
      promise(!made->matches(*text + "x", values) && !made->matches("x" + *text, values), "and nothing longer does");
    }
  }
  nlohmann::json attributes{{"site", ""}};
  std::string document;
  JsonTape tape;
  TopicValues topic_values{user, client, std::nullopt};
  try {
    attributes["site"] = attribute;
    document = attributes.dump();
    if (tape.parse(document.data(), document.size()) == JsonError::none) topic_values.client_attributes = tape.root();
  } catch (const nlohmann::json::exception&) {
    return;  // no UTF-8
  }
  const Slow topic = slowly(source, user, client, attribute, true);
  for (const FillFor purpose : {FillFor::allow, FillFor::deny}) {
    std::string out;
    const FillResult result = fill_topic(source, topic_values, purpose, out);
    promise((result == FillResult::unknown) == !topic.known, "what is unknown is unknown to both");
    if (result != FillResult::filled) continue;
    promise(topic.filled && out == topic.text, "a filled topic is the slow one");
    if (purpose != FillFor::allow) continue;
    promise(topic.clean, "no client puts a level or a wildcard into what it may");
    const auto count = [](std::string_view text, char c) { return std::count(text.begin(), text.end(), c); };
    promise(count(out, '/') <= count(source, '/'), "a filled right has no more levels than were written");
    promise(!out.starts_with('$') || (source.starts_with('$') && !source.starts_with("${")),
            "no client's name reaches $SYS");
  }
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::look({data, size});
  return 0;
}
