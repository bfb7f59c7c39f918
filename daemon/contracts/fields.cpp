#include "daemon/contracts/fields.h"

namespace sallyport::daemon {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool begins_as_json(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text.starts_with('{');
}

}  // namespace

std::optional<JsonValue> read_json(http::Request& request, Desk& desk) {
  const JsonLimits limits{.max_bytes = http::kMaxBodyBytes, .max_depth = 16, .max_nodes = 16 * 1024};
  if (desk.tape.parse(request.body_data, request.body_size, limits) != JsonError::none) return std::nullopt;
  return desk.tape.root();
}

std::optional<Fields> Fields::read(http::Request& request, Desk& desk) {
  Fields out;
  if (request.method == "GET") {
    if (!desk.form.parse(request.query_data, request.query_size)) return std::nullopt;
    out.form_ = &desk.form;
    return out;
  }
  if (request.method != "POST") return std::nullopt;
  // Without its type a body is what it looks like: the types that brokers send are their users' to template.
  if (begins_as_json({request.body_data, request.body_size})) {
    out.object_ = read_json(request, desk);
    if (!out.object_ || !out.object_->is_object()) return std::nullopt;
    return out;
  }
  if (!desk.form.parse(request.body_data, request.body_size)) return std::nullopt;
  out.form_ = &desk.form;
  return out;
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  if (form_) return form_->find(name);
  const std::optional<JsonValue> value = object_->find(name);
  if (!value) return std::nullopt;
  switch (value->type()) {
    case JsonType::string:
    case JsonType::number:
    case JsonType::boolean:
      return value->text();
    case JsonType::null:
    case JsonType::array:
    case JsonType::object:
      break;
  }
  return std::nullopt;
}

std::optional<std::string_view> Fields::find_shown(std::string_view name) const {
  std::optional<std::string_view> value = find(name);
  if (value && value->empty()) value.reset();
  return value;
}

}  // namespace sallyport::daemon
