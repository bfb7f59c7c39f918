#include "cli/reply.h"

#include <cstdio>

#include "cli/output.h"

namespace sallyport::cli {
using nlohmann::json;

void print_reply(const json& value) { std::puts(value.dump(2, ' ', false, json::error_handler_t::replace).c_str()); }

const json& member(const json& object, const char* name) {
  static const json nothing;
  const auto it = object.find(name);
  return it != object.end() ? *it : nothing;
}

std::string text(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_string() ? printable(value.get<std::string>()) : std::string();
}

std::int64_t number(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

bool yes(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

std::vector<std::string> texts(const json& list) {
  std::vector<std::string> out;
  if (list.is_array())
    for (const json& one : list)
      if (one.is_string()) out.push_back(printable(one.get<std::string>()));
  return out;
}

}  // namespace sallyport::cli
