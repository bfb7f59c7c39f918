// From other gates' settings to ours: settings, users, and a list of what has no
// counterpart and why. Functions of texts; a file that one names is read through the
// caller, so that tests need no disk.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/toml_tree.h"

namespace sallyport {

struct ConvertFile {
  std::string path, text;
};
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

struct ConvertedUser {
  std::string username;
  std::string hash;  // as users/password_hash.h has it; empty: `password` is plain text
  std::string password;
  bool is_superuser = false;
};

// What was not taken over. Never holds a secret or a password.
struct ConvertNote {
  std::string place, what, why;
};

struct Converted {
  std::vector<std::pair<std::string, std::string>> settings;  // name of the schema, value as TOML text
  std::vector<ConvertedUser> users;
  std::vector<ConvertNote> notes;

  // Sets a value, or notes that this version has no such setting.
  void set(const std::string& name, const std::string& toml, const std::string& place, std::string_view what);
  void note(std::string place, std::string what, std::string why) {
    notes.push_back({std::move(place), std::move(what), std::move(why)});
  }
};

enum class ConvertFrom { go_auth, mosquitto, emqx };

// kInvalid where a text is not what it should be.
Result<Converted> convert(ConvertFrom from, const std::vector<ConvertFile>& files, const ReadFile& read);

// A settings file, with the notes in its head.
std::string converted_toml(const Converted& converted, std::string_view from);
// For `sallyport user import`.
std::string converted_users_csv(const Converted& converted);

// The parts, by source.
Result<void> convert_mosquitto_conf(const ConvertFile& file, bool go_auth, const ReadFile& read, Converted& out);
Result<void> convert_password_file(const ConvertFile& file, bool salt_is_text, Converted& out);
bool looks_like_password_file(std::string_view text);
Result<void> convert_emqx4_conf(const ConvertFile& file, Converted& out);
Result<void> convert_emqx5_conf(const ConvertFile& file, const ReadFile& read, Converted& out);

// HOCON as EMQX 5 writes it, and JSON: scalars become text. No include, no substitution.
Result<TomlNode> parse_hocon(std::string_view text, const std::string& label);

}  // namespace sallyport
