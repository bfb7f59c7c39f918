#include "config/value_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "codec/base64url.h"
#include "config/file_bytes.h"
#include "config/load.h"

namespace sallyport {
namespace {
constexpr std::size_t kMaxSecretBytes = 64 * 1024;

std::string quoted_list(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "" : ", ") + toml_quote(word);
  return out;
}
std::string seconds_text(std::int64_t seconds) {
  if (seconds != 0 && seconds % 86'400 == 0) return fmt::format("{}d", seconds / 86'400);
  if (seconds != 0 && seconds % 3'600 == 0) return fmt::format("{}h", seconds / 3'600);
  return fmt::format("{}s", seconds);
}
}  // namespace

std::string nearest_hint(std::string_view wanted, const std::vector<std::string_view>& known) {
  const NearestName nearest = nearest_name(wanted, known);
  if (nearest.name.empty()) return {};
  return nearest.close
             ? fmt::format("did you mean \"{}\"?", nearest.name)
             : fmt::format("the nearest known name is \"{}\"; see all with: sallyport config default", nearest.name);
}

void ValueReader::fault(TomlPlace place, std::string cause, std::string hint) {
  faults_.push_back(invalid(std::move(cause), std::move(hint), place_text(source_.label, place)));
}
void ValueReader::fault(TomlPlace place, Error error) {
  error.place = place_text(source_.label, place);
  faults_.push_back(std::move(error));
}
void ValueReader::warn(TomlPlace place, std::string cause, std::string hint) {
  warnings_.push_back(invalid(std::move(cause), std::move(hint), place_text(source_.label, place)));
}

bool ValueReader::expect(const TomlNode& node, TomlType type, std::string_view expected, std::string_view hint) {
  if (node.type == type) return true;
  fault(node.place, fmt::format("expected {}, found {}", expected, name(node.type)), std::string(hint));
  return false;
}

bool ValueReader::boolean(const TomlNode& node, bool& out) {
  const bool quoted = node.type == TomlType::text && (node.text == "true" || node.text == "false");
  if (!expect(node, TomlType::boolean, "true or false", quoted ? "leave the quotes out" : "")) return false;
  out = node.boolean;
  return true;
}

bool ValueReader::text(const TomlNode& node, std::string& out) {
  if (!expect(node, TomlType::text, "text", "text stands between quotes")) return false;
  if (node.text.empty()) {
    fault(node.place, "the text is empty", "give it a value or take the line out");
    return false;
  }
  if (node.text.find('\0') != std::string::npos) {
    fault(node.place, "the text holds a NUL character", "take \\u0000 out");
    return false;
  }
  out = node.text;
  return true;
}

bool ValueReader::text_or_list(const TomlNode& node, std::vector<std::string>& out) {
  std::vector<std::string> texts;
  if (node.type == TomlType::list) {
    bool good = true;
    for (const TomlNode& item : node.items) {
      std::string one;
      if (text(item, one))
        texts.push_back(std::move(one));
      else
        good = false;
    }
    if (!good) return false;
  } else {
    if (!expect(node, TomlType::text, "text or a list of texts", "write \"text\" or [\"one\", \"two\"]")) return false;
    std::string one;
    if (!text(node, one)) return false;
    texts.push_back(std::move(one));
  }
  out = std::move(texts);
  return true;
}

bool ValueReader::duration(const TomlNode& node, std::int64_t& out, std::int64_t least, std::int64_t most) {
  const std::string hint = node.type == TomlType::integer ? fmt::format("write it with its unit: \"{}s\"", node.integer)
                                                          : "for example \"30s\"";
  if (!expect(node, TomlType::text, "a duration such as \"30s\"", hint)) return false;
  const auto seconds = parse_duration(node.text);
  if (!seconds) {
    fault(node.place, seconds.error());
    return false;
  }
  if (*seconds < least || *seconds > most) {
    fault(node.place, fmt::format("the duration is outside {} to {}", seconds_text(least), seconds_text(most)),
          *seconds < least ? fmt::format("the least is \"{}\"", seconds_text(least))
                           : fmt::format("the most is \"{}\"", seconds_text(most)));
    return false;
  }
  out = *seconds;
  return true;
}

std::string ValueReader::absolute(std::string_view path) const {
  return path.starts_with('/') ? std::string(path) : source_.folder + "/" + std::string(path);
}

bool ValueReader::path(const TomlNode& node, std::string& out) {
  if (!expect(node, TomlType::text, "a path as text", "text stands between quotes")) return false;
  std::string relative;
  if (!text(node, relative)) return false;
  out = absolute(relative);
  return true;
}

bool ValueReader::path_or_list(const TomlNode& node, std::vector<std::string>& out) {
  std::vector<std::string> paths;
  if (!text_or_list(node, paths)) return false;
  for (std::string& path : paths) path = absolute(path);
  out = std::move(paths);
  return true;
}

bool ValueReader::table(const TomlNode& node, const std::vector<std::string_view>& known, std::string_view what) {
  if (!expect(node, TomlType::table, what)) return false;
  bool good = true;
  for (const TomlMember& member : node.members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    fault(member.place, fmt::format("unknown name \"{}\"", member.key), nearest_hint(member.key, known));
    good = false;
  }
  return good;
}

bool ValueReader::secret(const TomlNode& node, Secret& out) {
  constexpr std::string_view forms = "text, { env = \"NAME\" } or { file = \"path\" }";
  if (node.type == TomlType::text) {
    if (source_.is_file && source_.others_read)
      warn(node.place, "the file holds a secret and every user of this machine can read it",
           "chmod o-rwx " + source_.label + ", or move the secret: secret = { file = \"path\" }");
    if (node.text.size() > kMaxSecretBytes) {
      fault(node.place, fmt::format("the secret is longer than {} bytes", kMaxSecretBytes));
      return false;
    }
    out = Secret(node.text);
    return true;
  }
  if (node.type != TomlType::table) {
    fault(node.place, fmt::format("expected {}, found {}", forms, name(node.type)), "text stands between quotes");
    return false;
  }
  if (const TomlNode* sealed = node.find("sealed")) return open_sealed(node, *sealed, out);
  if (!table(node, {"env", "file"}, forms)) return false;
  if (node.members.size() != 1) {
    fault(node.place, node.members.empty() ? "neither env nor file is named" : "env and file contradict each other",
          "keep one: { env = \"NAME\" } or { file = \"path\" }");
    return false;
  }
  const TomlMember& member = node.members.front();
  std::string named;
  if (!text(member.value, named)) return false;
  if (member.key == "file") return secret_file(member.value.place, absolute(named), out);
  const char* value = std::getenv(named.c_str());
  if (!value) {
    fault(member.value.place, fmt::format("the environment variable {} is not set", named),
          "set it where the broker is started (systemd: Environment= or EnvironmentFile=), not only in a shell");
    return false;
  }
  out = Secret(std::string_view(value).substr(0, kMaxSecretBytes));
  return true;
}

bool ValueReader::open_sealed(const TomlNode& node, const TomlNode& sealed, Secret& out) {
  if (node.members.size() != 1 || sealed.type != TomlType::text) {
    fault(node.place, "a sealed secret stands alone, as text", "set the secret anew");
    return false;
  }
  if (!source_.sealer) {
    fault(node.place, "the secret is sealed and there is no key to open it",
          "set key_file under [store] to the file that it was sealed with");
    return false;
  }
  const std::optional<std::string> bytes = decode_base64url(sealed.text);
  std::optional<Secret> opened = bytes ? source_.sealer->open(*bytes) : std::nullopt;
  if (!opened) {
    fault(node.place, "the secret was sealed under another key, or was changed",
          "put the old file of [store] key_file back, or set the secret anew");
    return false;
  }
  out = std::move(*opened);
  return true;
}

bool ValueReader::secret_file(TomlPlace place, const std::string& path, Secret& out) {
  auto file = read_file_bytes(path, kMaxSecretBytes);
  if (!file) {
    fault(place, file.error());
    return false;
  }
  std::string_view bytes = file->bytes;
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes.ends_with('\r'))
    warn(place, fmt::format("{} ends in a carriage return, which counts as part of the secret", path),
         "save it with unix line ends");
  if (file->others_read)
    warn(place, fmt::format("every user of this machine can read the secret in {}", path), "chmod o-rwx " + path);
  out = Secret(bytes);
  wipe(file->bytes);
  return true;
}

bool ValueReader::claim_name(TomlPlace place, std::string_view claim) {
  if (claim.empty()) {
    fault(place, "the claim's name is empty");
    return false;
  }
  if (!claim.starts_with('/')) return true;
  for (std::size_t i = 0; i < claim.size(); ++i) {
    if (claim[i] != '~') continue;
    if (i + 1 < claim.size() && (claim[i + 1] == '0' || claim[i + 1] == '1')) continue;
    // RFC 6901 section 3.
    fault(place, "a name that starts with / is a JSON Pointer, and in one ~ is written ~0",
          "write ~0 for ~ and ~1 for / within a name");
    return false;
  }
  return true;
}

std::size_t ValueReader::choice_index(const TomlNode& node, const std::vector<std::string_view>& words) {
  if (!expect(node, TomlType::text, "one of " + quoted_list(words), "text stands between quotes")) return words.size();
  const auto at = std::find(words.begin(), words.end(), node.text);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  const NearestName nearest = nearest_name(node.text, words);
  fault(node.place, "the value is none of " + quoted_list(words),
        nearest.close ? fmt::format("did you mean \"{}\"?", nearest.name) : std::string("write one of them"));
  return words.size();
}

}  // namespace sallyport
