#include "daemon/api/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/secret.h"
#include "codec/json.h"

namespace sallyport::daemon {
namespace {
constexpr std::size_t kMostJson = 8 * 1024 * 1024;
constexpr std::size_t kMostCsvRows = 2'000'000;
}  // namespace

Result<Json, Problem> json_body(const Call& call) {
  const std::string_view type = call.content_type.substr(0, call.content_type.find(';'));
  if (type != "application/json")
    return unexpected(
        problem(400, "not_json", "the body is no application/json", "set content-type: application/json"));
  // Two readers could read a name that stands twice differently; the strict one is asked first.
  std::string copy(call.body);
  JsonTape tape;
  const JsonError error =
      tape.parse(copy.data(), copy.size(), {.max_bytes = kMostJson, .max_depth = 32, .max_nodes = 1'000'000});
  wipe(copy);
  if (error != JsonError::none)
    return unexpected(problem(400, "not_json", fmt::format("the body is no strict JSON: {}", to_text(error))));
  Json out = Json::parse(call.body, nullptr, false);
  if (!out.is_object()) return unexpected(problem(400, "not_json", "the body is no JSON object"));
  return out;
}

const Json* Members::take(const char* name) {
  taken_.emplace_back(name);
  const auto it = object_.find(name);
  return it == object_.end() ? nullptr : &*it;
}
void Members::refuse(const char* name, std::string cause) {
  if (!fault_) fault_ = problem(400, "invalid", std::move(cause), "", name);
}
const Json* Members::any(const char* name) { return take(name); }

std::string Members::text(const char* name, bool required, std::size_t least) {
  const Json* value = take(name);
  if (!value) {
    if (required) refuse(name, fmt::format("{} is missing", name));
    return {};
  }
  if (!value->is_string()) {
    refuse(name, fmt::format("{} is no text", name));
    return {};
  }
  std::string out = value->get<std::string>();
  if (out.size() < least) refuse(name, fmt::format("{} is empty", name));
  return out;
}

std::optional<std::string> Members::maybe_text(const char* name) {
  const Json* value = take(name);
  if (!value || value->is_null()) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  refuse(name, fmt::format("{} is no text", name));
  return std::nullopt;
}

std::optional<bool> Members::boolean(const char* name) {
  const Json* value = take(name);
  if (!value) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  refuse(name, fmt::format("{} is neither true nor false", name));
  return std::nullopt;
}

std::optional<std::int64_t> Members::integer(const char* name, std::int64_t least, std::int64_t most) {
  const Json* value = take(name);
  if (!value) return std::nullopt;
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() || value->get<std::uint64_t>() <= std::uint64_t{INT64_MAX}) &&
                    value->get<std::int64_t>() >= least && value->get<std::int64_t>() <= most;
  if (fits) return value->get<std::int64_t>();
  refuse(name, fmt::format("{} is no whole number from {} to {}", name, least, most));
  return std::nullopt;
}

std::vector<std::string> Members::texts(const char* name) {
  const Json* value = take(name);
  std::vector<std::string> out;
  if (!value) return out;
  if (!value->is_array()) {
    refuse(name, fmt::format("{} is no list", name));
    return out;
  }
  for (const Json& one : *value) {
    if (!one.is_string()) {
      refuse(name, fmt::format("{} holds something that is no text", name));
      return out;
    }
    out.push_back(one.get<std::string>());
  }
  return out;
}

std::optional<Problem> Members::fault() const {
  if (fault_) return fault_;
  for (const auto& [name, value] : object_.items())
    if (std::find(taken_.begin(), taken_.end(), name) == taken_.end())
      return problem(400, "invalid", "a name that is not known", "", name.substr(0, 128));
  return std::nullopt;
}

Result<std::int64_t, Problem> number_of(const Call& call, std::string_view name, std::int64_t fallback) {
  const std::optional<std::string_view> text = call.in_query(name);
  if (!text) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size())
    return unexpected(problem(400, "invalid", fmt::format("{} is no whole number", name), "", std::string(name)));
  return value;
}

Result<Page, Problem> page_of(const Call& call) {
  Page out;
  const Result<std::int64_t, Problem> limit = number_of(call, "limit", 100);
  if (!limit) return unexpected(limit.error());
  if (*limit < 1 || *limit > 1000)
    return unexpected(problem(400, "invalid", "limit is outside 1 to 1000", "", "limit"));
  out.limit = static_cast<std::size_t>(*limit);
  out.cursor = call.in_query("cursor").value_or("");
  if (const auto format = call.in_query("format")) {
    if (*format != "json" && *format != "csv")
      return unexpected(problem(400, "invalid", "format is neither json nor csv", "", "format"));
    out.csv = *format == "csv";
  }
  if (out.csv) out.limit = kMostCsvRows;
  return out;
}

Result<std::string, Problem> required_etag(const Call& call) {
  if (call.if_match.empty())
    return unexpected(problem(428, "precondition_missing", "the request does not say which version it changes",
                              "send the ETag that you saw as If-Match"));
  return std::string(call.if_match);
}

Problem changed_meanwhile() {
  return problem(412, "changed_meanwhile", "somebody changed it meanwhile", "look at it again and repeat the change");
}

}  // namespace sallyport::daemon
