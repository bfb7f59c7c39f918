#include "brokers/mosquitto/plugin_options.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace sallyport::mosquitto {
namespace {

bool is_there(const std::string& path) {
  char* found = ::realpath(path.c_str(), nullptr);
  ::free(found);
  return found != nullptr;
}

// Mosquitto takes the rest of the line as it stands: quotes, comments and trailing spaces are part of the path.
std::string why_not_found(std::string_view path) {
  std::string trimmed(path);
  while (!trimmed.empty() && (trimmed.back() == ' ' || trimmed.back() == '\t')) trimmed.pop_back();
  if (trimmed.size() != path.size() && is_there(trimmed)) return "take the space at the end of the line away";
  if (path.size() >= 2 && (path.front() == '"' || path.front() == '\''))
    return "take the quotes away: mosquitto.conf knows none";
  if (path.find(" #") != std::string_view::npos)
    return "put the comment on a line of its own: mosquitto.conf knows none behind a value";
  return "name a settings file with: plugin_opt_config /etc/sallyport/sallyport.toml";
}

}  // namespace

Result<std::string> settings_path(const ::mosquitto_opt* options, int count) {
  const char* path = nullptr;
  for (int i = 0; options && i < count; ++i) {
    if (!options[i].key) continue;
    const std::string_view key = options[i].key;
    if (key != "config")
      return unexpected(invalid("plugin_opt_" + std::string(key.substr(0, 64)) + " is not an option of this plugin",
                                "the one option is plugin_opt_config; all else stands in the settings file"));
    if (path) return unexpected(invalid("plugin_opt_config is given twice for one plugin line"));
    path = options[i].value;
  }
  if (!path || !*path)
    return unexpected(
        invalid("plugin_opt_config is missing",
                "name the settings file under the plugin line: plugin_opt_config /etc/sallyport/sallyport.toml"));
  char* real = ::realpath(path, nullptr);
  if (!real) {
    const int code = errno;
    char buffer[128] = {};
    std::string cause =
        std::string("the settings file ") + path + " cannot be opened: " + strerror_r(code, buffer, sizeof buffer);
    return unexpected(Error{
        code == EACCES ? ErrorKind::kDenied : ErrorKind::kNotFound, std::move(cause),
        code == EACCES ? "the broker's user must be able to enter its folder and read it" : why_not_found(path), ""});
  }
  std::string found = real;
  ::free(real);
  return found;
}

}  // namespace sallyport::mosquitto
