// Fields: the named values of a request, whether they came as a form, a query or a JSON object.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/desk.h"
#include "daemon/http/request.h"

namespace sallyport::daemon {

class Fields {
 public:
  // From the query of a GET, else from the body: JSON where it says so or begins so, else a form. Nothing where it
  // cannot be read. The views live as long as the request.
  static std::optional<Fields> read(http::Request& request, Desk& desk);
  // A JSON null is absent; numbers and booleans are their text; lists and objects are absent.
  std::optional<std::string_view> find(std::string_view name) const;
  // The same, with an empty text as absent.
  std::optional<std::string_view> find_shown(std::string_view name) const;
  // The object, where it came as JSON.
  const std::optional<JsonValue>& object() const { return object_; }

 private:
  std::optional<JsonValue> object_;
  const http::Form* form_ = nullptr;
};

// The body as a JSON object or list; nothing where it is neither, or no strict JSON.
std::optional<JsonValue> read_json(http::Request& request, Desk& desk);

}  // namespace sallyport::daemon
