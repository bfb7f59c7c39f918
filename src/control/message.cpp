#include "control/message.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace sallyport::control {
namespace {
using nlohmann::json;

constexpr std::array<std::pair<ErrorKind, std::string_view>, 6> kKinds{{
    {ErrorKind::kInvalid, "invalid"},
    {ErrorKind::kNotFound, "not_found"},
    {ErrorKind::kConflict, "conflict"},
    {ErrorKind::kDenied, "denied"},
    {ErrorKind::kUnavailable, "unavailable"},
    {ErrorKind::kInternal, "internal"},
}};

std::string_view name_of(ErrorKind kind) {
  for (const auto& [k, text] : kKinds)
    if (k == kind) return text;
  return "internal";
}
ErrorKind kind_of(std::string_view text) {
  for (const auto& [k, name] : kKinds)
    if (name == text) return k;
  return ErrorKind::kInternal;
}

// Never throws: where the text is no JSON the value is "discarded".
json parse(std::string_view line) { return json::parse(line.begin(), line.end(), nullptr, false); }
}  // namespace

std::string text_member(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::string to_line(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

Result<json> parse_request(std::string_view line) {
  if (line.size() > kMaxRequestBytes) return unexpected(invalid("the request is longer than 64 KiB"));
  json request = parse(line);
  if (!request.is_object() || text_member(request, "verb").empty())
    return unexpected(invalid("the request is no JSON object with a verb", "one line such as {\"verb\":\"status\"}"));
  return request;
}

std::string reply_line(const Result<json>& outcome) {
  if (outcome) return to_line({{"ok", true}, {"result", *outcome}});
  const Error& e = outcome.error();
  json error{{"kind", name_of(e.kind)}, {"cause", e.cause}};
  if (!e.hint.empty()) error["hint"] = e.hint;
  if (!e.place.empty()) error["place"] = e.place;
  return to_line({{"ok", false}, {"error", std::move(error)}});
}

Result<json> parse_reply(std::string_view line) {
  json reply = parse(line);
  if (!reply.is_object() || !reply.contains("ok") || !reply["ok"].is_boolean())
    return unexpected(Error{ErrorKind::kInternal, "the answer on the control socket cannot be read",
                            "are the command and the plugin of one release?", ""});
  if (reply["ok"].get<bool>()) return reply.contains("result") ? std::move(reply["result"]) : json::object();
  const json error = reply.contains("error") && reply["error"].is_object() ? reply["error"] : json::object();
  return unexpected(Error{kind_of(text_member(error, "kind")), text_member(error, "cause"), text_member(error, "hint"),
                          text_member(error, "place")});
}

}  // namespace sallyport::control
