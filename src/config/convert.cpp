#include "config/convert.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/base64url.h"
#include "config/schema.h"
#include "users/csv_reader.h"

namespace sallyport {
namespace {

// A comment must end where its line ends.
std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

}  // namespace

void Converted::set(const std::string& name, const std::string& toml, const std::string& place, std::string_view what) {
  if (!find_setting(name))
    return note(place, std::string(what), fmt::format("this version has no setting {} yet", name));
  const auto at = std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.first == name; });
  if (at == settings.end()) {
    settings.emplace_back(name, toml);
  } else if (at->second != toml) {
    note(place, std::string(what), fmt::format("{} has a value from another place already", name));
  }
}

Result<Converted> convert(ConvertFrom from, const std::vector<ConvertFile>& files, const ReadFile& read) {
  Converted out;
  for (const ConvertFile& file : files) {
    Result<void> done;
    switch (from) {
      case ConvertFrom::go_auth:
        done = looks_like_password_file(file.text) ? convert_password_file(file, false, out)
                                                   : convert_mosquitto_conf(file, true, read, out);
        break;
      case ConvertFrom::mosquitto:
        done = looks_like_password_file(file.text) ? convert_password_file(file, false, out)
                                                   : convert_mosquitto_conf(file, false, read, out);
        break;
      case ConvertFrom::emqx: {
        // 4.4's lines all begin with a dotted name; 5's are HOCON with an authentication section.
        const bool five =
            file.text.find("mechanism") != std::string::npos || file.text.find("authentication") != std::string::npos;
        done = five ? convert_emqx5_conf(file, read, out) : convert_emqx4_conf(file, out);
        break;
      }
    }
    if (!done) return unexpected(done.error());
  }
  return out;
}

std::string converted_toml(const Converted& converted, std::string_view from) {
  std::string out = fmt::format("# Converted from {}. Check it with: sallyport config check --config FILE\n", from);
  if (!converted.notes.empty()) out += "#\n# Not taken over, and why:\n";
  for (const ConvertNote& n : converted.notes)
    out += fmt::format("#  {}: {}\n#    {}\n", one_line(n.place), one_line(n.what), one_line(n.why));
  if (!converted.users.empty()) out += "\n[store]\nurl = \"sqlite:///var/lib/sallyport/store.db\"\n";
  for (const SectionDoc& section : schema_sections()) {
    bool first = true;
    for (const Setting& setting : schema_settings()) {
      const auto at = std::find_if(converted.settings.begin(), converted.settings.end(),
                                   [&](const auto& s) { return s.first == setting.name; });
      if (setting.section() != section.name || at == converted.settings.end()) continue;
      if (first) out += fmt::format("\n[{}]\n", section.name);
      first = false;
      out += fmt::format("{} = {}\n", setting.key(), at->second);
    }
  }
  return out;
}

std::string converted_users_csv(const Converted& converted) {
  const bool all_plain = std::all_of(converted.users.begin(), converted.users.end(),
                                     [](const ConvertedUser& u) { return u.hash.empty(); });
  std::string out = all_plain ? "username,password,is_superuser\n" : "username,password_hash,is_superuser\n";
  for (const ConvertedUser& user : converted.users) {
    std::string credential = all_plain ? user.password : user.hash;
    if (credential.empty()) {
      credential = "$plain$none$$" + encode_base64(user.password);
      credential.erase(credential.find_last_not_of('=') + 1);
    }
    out += fmt::format("{},{},{}\n", csv_field(user.username), csv_field(credential),
                       user.is_superuser ? "true" : "false");
  }
  return out;
}

}  // namespace sallyport
