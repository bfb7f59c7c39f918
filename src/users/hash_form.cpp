#include "users/hash_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "codec/base64url.h"

namespace sallyport {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}
std::optional<std::uint32_t> named_number(std::string_view text, std::string_view name) {
  return text.starts_with(name) ? number(text.substr(name.size())) : std::nullopt;
}

// Passlib writes '.' where base64 has '+'.
std::optional<std::string> base64(std::string_view text) {
  std::string copy(text);
  std::replace(copy.begin(), copy.end(), '.', '+');
  return decode_base64_lenient(copy);
}
std::string unpadded(std::string_view bytes) {
  std::string text = encode_base64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::optional<PasswordDigest> digest_named(std::string_view name) {
  if (name == "md5") return PasswordDigest::md5;
  if (name == "sha" || name == "sha1") return PasswordDigest::sha1;
  if (name == "sha256") return PasswordDigest::sha256;
  if (name == "sha512") return PasswordDigest::sha512;
  return std::nullopt;
}
std::string_view name_of(PasswordDigest digest) {
  switch (digest) {
    case PasswordDigest::md5:
      return "md5";
    case PasswordDigest::sha1:
      return "sha";
    case PasswordDigest::sha256:
      return "sha256";
    case PasswordDigest::sha512:
      return "sha512";
  }
  return "";
}

constexpr std::string_view kTooSlow =
    "one thread of the broker checks all passwords; have the user set a new password instead";

Unexpected<Error> damaged(std::string_view kind, std::string_view what) {
  return unexpected(invalid(fmt::format("this {} hash is damaged: {}", kind, what)));
}

Result<HashForm> parse_argon2(const std::vector<std::string_view>& parts) {
  // Exactly what libsodium's own reader takes, so that nothing is accepted here that it cannot check later.
  if (parts.size() != 6) return damaged("argon2", "it has not six parts");
  if (parts[2] != "v=19") return unexpected(invalid("only version 19 of argon2 hashes can be checked"));
  const std::vector<std::string_view> costs = split(parts[3], ',');
  HashForm form;
  form.kind = HashKind::argon2;
  const auto m = costs.size() == 3 ? named_number(costs[0], "m=") : std::nullopt;
  const auto t = costs.size() == 3 ? named_number(costs[1], "t=") : std::nullopt;
  const auto p = costs.size() == 3 ? named_number(costs[2], "p=") : std::nullopt;
  if (!m || !t || !p || *t < 1 || *p < 1 || *m < 8 * std::uint64_t{*p})
    return damaged("argon2", "its costs cannot be read");
  if (*m > kMaxArgon2Kib || std::uint64_t{*m} * *t > kMaxArgon2KibPasses || *p > kMaxArgon2Lanes)
    return unexpected(
        invalid(fmt::format("this argon2 hash costs too much to check: m={},t={},p={} is over m={} KiB, m*t={} or p={}",
                            *m, *t, *p, kMaxArgon2Kib, kMaxArgon2KibPasses, kMaxArgon2Lanes),
                std::string(kTooSlow)));
  const bool standard = parts[4].find_first_of("=-_.") == std::string_view::npos &&
                        parts[5].find_first_of("=-_.") == std::string_view::npos;
  const auto salt = standard ? base64(parts[4]) : std::nullopt;
  const auto hash = standard ? base64(parts[5]) : std::nullopt;
  if (!salt || salt->size() < 8 || salt->size() > 64)
    return damaged("argon2", "its salt is no base64 of 8 to 64 bytes");
  if (!hash || hash->size() < 16 || hash->size() > 64)
    return damaged("argon2", "its hash is no base64 of 16 to 64 bytes");
  form.memory_kib = *m;
  form.passes = *t;
  form.lanes = *p;
  return form;
}

Result<HashForm> parse_bcrypt(std::string_view text, const std::vector<std::string_view>& parts) {
  constexpr std::string_view alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const auto cost = parts.size() == 4 && parts[2].size() == 2 ? number(parts[2]) : std::nullopt;
  if (text.size() != 60 || !cost || *cost < 4 || *cost > 31 ||
      parts[3].find_first_not_of(alphabet) != std::string_view::npos)
    return damaged("bcrypt", "it is not $2b$NN$ and 53 characters");
  if (*cost > kMaxBcryptCost)
    return unexpected(
        invalid(fmt::format("this bcrypt hash costs too much to check: {} is over {}", *cost, kMaxBcryptCost),
                std::string(kTooSlow)));
  if (!bcrypt_available())
    return unexpected(Error{ErrorKind::kUnavailable, "bcrypt hashes need the system's libcrypt.so.1, which is not here",
                            "install it with: apt-get install libcrypt1", ""});
  HashForm form;
  form.kind = HashKind::bcrypt;
  form.bcrypt_cost = *cost;
  return form;
}

Result<HashForm> make_pbkdf2(PasswordDigest digest, std::optional<std::uint32_t> iterations, std::string_view salt,
                             std::string_view hash) {
  HashForm form;
  form.kind = HashKind::pbkdf2;
  form.digest = digest;
  if (!iterations || *iterations == 0) return damaged("pbkdf2", "its iterations cannot be read");
  const auto salt_bytes = base64(salt), hash_bytes = base64(hash);
  if (!salt_bytes || salt_bytes->size() > 256) return damaged("pbkdf2", "its salt is no base64 of at most 256 bytes");
  if (!hash_bytes || hash_bytes->size() < 16 || hash_bytes->size() > 256)
    return damaged("pbkdf2", "its hash is no base64 of 16 to 256 bytes");
  // A derived key of more than one block costs the iterations again for each.
  const std::uint64_t blocks = (hash_bytes->size() + size_of(digest) - 1) / size_of(digest);
  const std::uint64_t most = digest == PasswordDigest::sha512 ? kMaxPbkdf2Sha512Iterations : kMaxPbkdf2Iterations;
  if (*iterations * blocks > most)
    return unexpected(
        invalid(fmt::format("this pbkdf2 hash costs too much to check: {} iterations for {} blocks are over {}",
                            *iterations, blocks, most),
                std::string(kTooSlow)));
  form.iterations = *iterations;
  form.salt = *salt_bytes;
  form.hash = *hash_bytes;
  return form;
}

Result<HashForm> parse_pbkdf2(const std::vector<std::string_view>& parts) {
  const std::string_view name = parts[1];
  const std::string_view digest_name = name == "pbkdf2" ? "sha1" : name.substr(std::string_view("pbkdf2-").size());
  const auto digest = digest_named(digest_name);
  if (!digest || *digest == PasswordDigest::md5)
    return unexpected(invalid("pbkdf2 hashes can be checked with sha1, sha256 and sha512"));
  if (parts.size() != 5) return damaged("pbkdf2", "it has not five parts");
  // "i=N", "i=N,l=32" (PHC) and "N" (passlib).
  const std::string_view cost = split(parts[2], ',')[0];
  return make_pbkdf2(*digest, cost.starts_with("i=") ? named_number(cost, "i=") : number(cost), parts[3], parts[4]);
}

// Mosquitto's password file: $6$SALT$HASH is sha512(password salt), $7$ITERATIONS$SALT$HASH is pbkdf2-sha512.
Result<HashForm> parse_mosquitto(const std::vector<std::string_view>& parts) {
  if (parts[1] == "7") {
    if (parts.size() != 5) return damaged("mosquitto $7$", "it has not five parts");
    return make_pbkdf2(PasswordDigest::sha512, number(parts[2]), parts[3], parts[4]);
  }
  HashForm form;
  form.kind = HashKind::digest;
  form.digest = PasswordDigest::sha512;
  form.position = SaltPosition::suffix;
  const auto salt = parts.size() == 4 ? base64(parts[2]) : std::nullopt;
  const auto hash = parts.size() == 4 ? base64(parts[3]) : std::nullopt;
  if (!salt || !hash || hash->size() != 64)
    return unexpected(
        invalid("this $6$ hash is not Mosquitto's", "hashes of crypt(3), as in /etc/shadow, cannot be checked"));
  form.salt = *salt;
  form.hash = *hash;
  return form;
}

Result<HashForm> parse_imported(const std::vector<std::string_view>& parts) {
  HashForm form;
  const bool plain = parts[1] == "plain";
  form.kind = plain ? HashKind::plain : HashKind::digest;
  if (!plain) form.digest = *digest_named(parts[1]);
  if (parts.size() != 5) return damaged(parts[1], "it has not five parts");
  if (parts[2] == "prefix")
    form.position = SaltPosition::prefix;
  else if (parts[2] == "suffix")
    form.position = SaltPosition::suffix;
  else if (parts[2] != "none")
    return damaged(parts[1], "the salt's position is not prefix, suffix or none");
  const auto salt = base64(parts[3]), hash = base64(parts[4]);
  if (!salt || (form.position == SaltPosition::none) != salt->empty())
    return damaged(parts[1], "its salt does not fit its position");
  if (!hash || (plain ? hash->empty() : hash->size() != size_of(form.digest)))
    return damaged(parts[1], "its hash has the wrong length");
  form.salt = *salt;
  form.hash = *hash;
  return form;
}

}  // namespace

Result<HashForm> parse_hash(std::string_view text) {
  if (text.size() > kMaxHashText)
    return unexpected(invalid(fmt::format("a hash is at most {} characters long", kMaxHashText)));
  if (!text.starts_with('$'))
    return unexpected(invalid("this is not a hash that can be checked",
                              "hashes start with $argon2id$, $2b$, $pbkdf2-sha256$, $6$ or $7$"));
  const std::vector<std::string_view> parts = split(text, '$');
  const std::string_view name = parts[1];
  if (name == "argon2id" || name == "argon2i") return parse_argon2(parts);
  if (name == "2a" || name == "2b" || name == "2y") return parse_bcrypt(text, parts);
  if (name == "pbkdf2" || name.starts_with("pbkdf2-")) return parse_pbkdf2(parts);
  if (name == "6" || name == "7") return parse_mosquitto(parts);
  if (name == "plain" || digest_named(name)) return parse_imported(parts);
  return unexpected(
      invalid("a hash of this kind cannot be checked",
              "kinds: argon2id, argon2i, bcrypt (2a, 2b, 2y), pbkdf2-sha1|sha256|sha512, Mosquitto's $6$ and $7$"));
}

std::string to_text(const HashForm& form) {
  if (form.kind == HashKind::pbkdf2)
    return fmt::format("$pbkdf2-{}$i={}${}${}", form.digest == PasswordDigest::sha1 ? "sha1" : name_of(form.digest),
                       form.iterations, unpadded(form.salt), unpadded(form.hash));
  constexpr std::string_view positions[] = {"prefix", "suffix", "none"};
  return fmt::format("${}${}${}${}", form.kind == HashKind::plain ? "plain" : name_of(form.digest),
                     positions[static_cast<std::size_t>(form.position)], unpadded(form.salt), unpadded(form.hash));
}

std::string describe(const HashForm& form) {
  switch (form.kind) {
    case HashKind::argon2:
      return fmt::format("argon2, {} KiB, {} pass{}", form.memory_kib, form.passes, form.passes == 1 ? "" : "es");
    case HashKind::bcrypt:
      return fmt::format("bcrypt, cost {}", form.bcrypt_cost);
    case HashKind::pbkdf2:
      return fmt::format("pbkdf2-{}, {} iterations",
                         form.digest == PasswordDigest::sha1 ? "sha1" : name_of(form.digest), form.iterations);
    case HashKind::plain:
      return "plain";
    case HashKind::digest:
      return fmt::format("{}{}", name_of(form.digest), form.position == SaltPosition::none ? "" : ", salted");
  }
  return "";
}

}  // namespace sallyport
