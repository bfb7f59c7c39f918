#include "users/import_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/secret.h"
#include "codec/base64url.h"
#include "codec/utf8.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

std::string folded(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::optional<bool> boolean(std::string_view text, bool fallback) {
  const std::string word = folded(text);
  if (word.empty()) return fallback;
  if (word == "true" || word == "1" || word == "yes") return true;
  if (word == "false" || word == "0" || word == "no") return false;
  return std::nullopt;
}

std::optional<PasswordDigest> digest_of(ImportHash hash) {
  switch (hash) {
    case ImportHash::md5:
      return PasswordDigest::md5;
    case ImportHash::sha:
    case ImportHash::pbkdf2_sha1:
      return PasswordDigest::sha1;
    case ImportHash::sha256:
    case ImportHash::pbkdf2_sha256:
      return PasswordDigest::sha256;
    case ImportHash::sha512:
    case ImportHash::pbkdf2_sha512:
      return PasswordDigest::sha512;
    case ImportHash::automatic:
    case ImportHash::plain:
    case ImportHash::bcrypt:
      return std::nullopt;
  }
  return std::nullopt;
}

// Other systems write digests as hex (EMQX) or base64.
std::optional<std::string> hex_or_base64(std::string_view text, std::size_t wanted) {
  if (auto bytes = decode_hex(text); bytes && (wanted == 0 || bytes->size() == wanted)) return bytes;
  if (auto bytes = decode_base64_lenient(text); bytes && (wanted == 0 || bytes->size() == wanted)) return bytes;
  return std::nullopt;
}

Result<std::string> salt_bytes(const std::string& salt, SaltEncoding encoding) {
  std::optional<std::string> bytes;
  switch (encoding) {
    case SaltEncoding::text:
      return salt;
    case SaltEncoding::hex:
      bytes = decode_hex(salt);
      break;
    case SaltEncoding::base64:
      bytes = decode_base64_lenient(salt);
      break;
  }
  if (!bytes) return unexpected(invalid("the salt is not in the encoding that --salt-encoding says", "", "salt"));
  return *bytes;
}

// mosquitto-go-auth's own: PBKDF2$sha512$100000$SALT$HASH.
std::string without_go_auth(const std::string& hash) {
  if (!hash.starts_with("PBKDF2$sha")) return hash;
  const std::size_t digest = hash.find('$') + 1, iterations = hash.find('$', digest);
  if (iterations == std::string::npos) return hash;
  return "$pbkdf2-" + hash.substr(digest, iterations - digest) + "$i=" + hash.substr(iterations + 1);
}

// The place of an error is the column; the caller puts the row before it.
Result<std::string> hash_text(const ImportFields& fields, const ImportOptions& options) {
  const auto wrong = [](std::string cause, std::string hint) {
    return unexpected(invalid(std::move(cause), std::move(hint), "password_hash"));
  };
  std::string text;
  if (options.hash == ImportHash::automatic || options.hash == ImportHash::bcrypt) {
    text = without_go_auth(fields.hash);
    if (!text.starts_with('$') && options.hash == ImportHash::automatic)
      return wrong("this hash does not say what it is",
                   "say it with --hash md5|sha|sha256|sha512|pbkdf2-sha256 and --salt-position prefix|suffix|none "
                   "(EMQX's own: sha256, suffix)");
    if (options.hash == ImportHash::bcrypt && !text.starts_with("$2"))
      return wrong("this is not a bcrypt hash", "leave --hash out where the hashes say what they are");
  } else {
    const PasswordDigest digest = *digest_of(options.hash);
    HashForm form;
    form.digest = digest;
    Result<std::string> salt = salt_bytes(fields.salt, options.salt_encoding);
    if (!salt) return salt;
    form.salt = std::move(*salt);
    const bool slow = options.hash >= ImportHash::pbkdf2_sha1;
    const std::optional<std::string> hash = hex_or_base64(fields.hash, slow ? 0 : size_of(digest));
    if (!hash)
      return wrong("the hash is no hex or base64 of the length that --hash says", "is it a hash of another kind?");
    form.hash = *hash;
    if (slow) {
      form.kind = HashKind::pbkdf2;
      form.iterations = options.iterations;
      if (form.iterations == 0)
        return wrong("how many iterations of pbkdf2 made this hash is not said", "--iterations N");
    } else {
      form.kind = HashKind::digest;
      if (!options.salt_position && !form.salt.empty())
        return unexpected(invalid("where the salt stood is not said",
                                  "--salt-position prefix|suffix|none (EMQX's own: suffix)", "salt"));
      form.position = options.salt_position.value_or(SaltPosition::none);
      if (form.position == SaltPosition::none)
        form.salt.clear();
      else if (form.salt.empty())
        return unexpected(invalid("the salt is missing", "where there is none: --salt-position none", "salt"));
    }
    text = to_text(form);
  }
  if (const Result<void> fine = check_hash(text); !fine) return wrong(fine.error().cause, fine.error().hint);
  return text;
}

}  // namespace

std::string ImportFields::*field_named(std::string_view column) {
  const std::string name = folded(column);
  if (name == "username" || name == "user_id" || name == "user") return &ImportFields::username;
  if (name == "password") return &ImportFields::password;
  if (name == "password_hash" || name == "hash") return &ImportFields::hash;
  if (name == "salt") return &ImportFields::salt;
  if (name == "is_superuser" || name == "superuser") return &ImportFields::is_superuser;
  if (name == "enabled") return &ImportFields::enabled;
  return nullptr;
}

void interpret(ImportFields&& fields, const ImportOptions& options, std::string_view row_word, ImportedUser& user) {
  user.row = fields.row;
  user.fault = std::move(fields.fault);
  user.username = std::move(fields.username);
  wipe(user.password);
  user.hash.clear();
  const auto wrong = [&](std::string_view column, std::string cause, std::string hint) {
    if (!user.fault)
      user.fault =
          invalid(std::move(cause), std::move(hint), fmt::format("{} {}, column {}", row_word, fields.row, column));
  };
  if (user.fault) return;
  if (user.username.empty())
    return wrong("username", "the user name is empty", "give the row a name, or leave it out with --skip-bad");
  if (user.username.size() > 65535)
    return wrong("username", "the user name is longer than MQTT can carry (65535 bytes)",
                 "is a line break or a quote missing?");
  if (user.username.find('\0') != std::string::npos)
    return wrong("username", "the user name has a NUL character in it, which MQTT forbids",
                 "is this file UTF-16? save it as CSV UTF-8");
  if (!is_utf8(user.username)) return wrong("username", "the user name is not UTF-8", "save the file as CSV UTF-8");
  const std::optional<bool> superuser = boolean(fields.is_superuser, false), enabled = boolean(fields.enabled, true);
  if (!superuser)
    return wrong("is_superuser", "this is neither true nor false", "write true or false, or leave it empty for false");
  if (!enabled)
    return wrong("enabled", "this is neither true nor false", "write true or false, or leave it empty for true");
  user.is_superuser = *superuser;
  user.enabled = *enabled;

  if (options.hash == ImportHash::plain && fields.password.empty())
    fields.password = std::move(fields.hash), fields.hash.clear();
  if (!fields.password.empty() && !fields.hash.empty())
    return wrong("password_hash", "the row has a password and a hash", "give one of the two");
  if (fields.password.empty() && fields.hash.empty())
    return wrong("password", "the row has no password and no hash", "");
  if (!fields.password.empty()) {
    if (fields.password.size() > 65535)
      return wrong("password", "the password is longer than MQTT can carry (65535 bytes)",
                   "is a line break or a quote missing?");
    if (fields.password.find('\0') != std::string::npos)
      return wrong("password", "the password has a NUL character in it", "brokers cannot pass it on");
    user.password = std::move(fields.password);
    return;
  }
  Result<std::string> hash = hash_text(fields, options);
  if (!hash) return wrong(hash.error().place, hash.error().cause, hash.error().hint);
  user.hash = std::move(*hash);
}

}  // namespace sallyport
