#include "control/find_socket.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/secret.h"
#include "config/file_bytes.h"
#include "config/toml_tree.h"

namespace sallyport::control {
namespace {

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::optional<std::string> in_tree(const TomlNode& root) {
  const TomlNode* control = root.find("control");
  const TomlNode* socket = control ? control->find("socket") : nullptr;
  // The plugin's, else the daemon's.
  const TomlNode* http = root.find("http");
  for (const TomlNode* one : {socket, http ? http->find("control_socket") : nullptr})
    if (one && one->type == TomlType::text && !one->text.empty()) return one->text;
  return std::nullopt;
}

// [control] and socket = "…" on lines of their own, in a text that is no TOML (yet).
std::optional<std::string> in_lines(std::string_view text) {
  bool here = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = trim(text.substr(at, end - at));
    at = end + 1;
    if (line.starts_with('[')) here = line.starts_with("[control]");
    if (!here || !line.starts_with("socket")) continue;
    line = trim(line.substr(6));
    if (!line.starts_with('=')) continue;
    line = trim(line.substr(1));
    if (line.empty() || (line.front() != '"' && line.front() != '\'')) continue;
    const std::size_t close = line.find(line.front(), 1);
    if (close != std::string_view::npos && close > 1) return std::string(line.substr(1, close - 1));
  }
  return std::nullopt;
}

void wipe_texts(TomlNode& node) {
  wipe(node.text);
  for (TomlNode& item : node.items) wipe_texts(item);
  for (TomlMember& member : node.members) wipe_texts(member.value);
}

}  // namespace

Result<std::string> find_socket(const std::string& settings_file) {
  auto file = read_file_bytes(settings_file, kMaxSettingsBytes);
  if (!file) return unexpected(file.error());
  auto root = parse_toml(file->bytes, settings_file);
  const std::optional<std::string> socket = root ? in_tree(*root) : in_lines(file->bytes);
  wipe(file->bytes);
  if (root) wipe_texts(*root);
  if (!socket) {
    if (!root) return unexpected(root.error());
    return unexpected(
        invalid("[control] socket is not set, so nobody can be asked",
                "set one for the plugin: [control] socket = \"/run/mosquitto/sallyport.sock\", and restart the broker; "
                "the daemon's is [http] control_socket",
                settings_file));
  }
  // As the plugin has it: relative to the folder of the file itself, behind all links.
  std::error_code ignored;
  const auto real = std::filesystem::canonical(settings_file, ignored);
  return (real.parent_path() / *socket).lexically_normal().string();
}

}  // namespace sallyport::control
