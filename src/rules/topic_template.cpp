#include "rules/topic_template.h"

#include "rules/topic_filter.h"

namespace sallyport {
namespace {

struct Placeholder {
  std::size_t length = 0;  // 0: the text at this place is no placeholder
  bool known = true;
  std::optional<std::string_view> value;
};

Placeholder read_placeholder(std::string_view rest, const TopicValues& values) {
  if (rest.starts_with("%u")) return {2, true, values.username};
  if (rest.starts_with("%c")) return {2, true, values.client_id};
  if (!rest.starts_with("${")) return {};
  const std::size_t end = rest.find('}');
  if (end == std::string_view::npos) return {rest.size(), false, std::nullopt};
  const std::string_view inner = rest.substr(2, end - 2);
  Placeholder out{end + 1, true, std::nullopt};
  constexpr std::string_view attributes = "client_attrs.";
  if (inner == "username")
    out.value = values.username;
  else if (inner == "clientid")
    out.value = values.client_id;
  else if (inner.starts_with(attributes) && inner.size() > attributes.size()) {
    const auto found =
        values.client_attributes ? values.client_attributes->find(inner.substr(attributes.size())) : std::nullopt;
    if (found) out.value = found->string();
  } else
    out.known = false;
  return out;
}

bool fits(std::string_view value, FillFor purpose) {
  if (value.empty() || value.find('\0') != std::string_view::npos) return false;
  return value.find_first_of(purpose == FillFor::allow ? "+#/" : "+#") == std::string_view::npos;
}

}  // namespace

FillResult fill_topic(std::string_view source, const TopicValues& values, FillFor purpose, std::string& out) {
  out.clear();
  bool fit = true;
  for (std::size_t i = 0; i < source.size();) {
    const Placeholder found = read_placeholder(source.substr(i), values);
    if (found.length == 0) {
      out += source[i++];
      continue;
    }
    if (!found.known) return FillResult::unknown;
    i += found.length;
    if (!found.value || !fits(*found.value, purpose)) fit = false;
    // Checked as it grows: a token of many placeholders and a long client id must not become a gigabyte.
    else if (out.size() + found.value->size() > kMaxTopicBytes)
      fit = false;
    else
      out += *found.value;
  }
  // "$SYS" and "$CONTROL" need a rule that names them: a client's name is no such rule.
  if (purpose == FillFor::allow && out.starts_with('$') && !(source.starts_with('$') && !source.starts_with("${")))
    fit = false;
  return fit ? FillResult::filled : FillResult::unfit;
}

bool has_placeholder(std::string_view source) noexcept {
  return source.find("%u") != std::string_view::npos || source.find("%c") != std::string_view::npos ||
         source.find("${") != std::string_view::npos;
}

}  // namespace sallyport
