#include "users/import_words.h"

#include <optional>
#include <string>
#include <utility>

namespace sallyport {
namespace {

template <class T>
using Word = std::pair<std::string_view, T>;

constexpr Word<ImportFormat> kFormats[] = {{"auto", ImportFormat::automatic},
                                           {"csv", ImportFormat::csv},
                                           {"emqx", ImportFormat::emqx},
                                           {"mosquitto", ImportFormat::mosquitto}};
constexpr Word<ImportHash> kHashes[] = {{"auto", ImportHash::automatic},
                                        {"plain", ImportHash::plain},
                                        {"md5", ImportHash::md5},
                                        {"sha", ImportHash::sha},
                                        {"sha256", ImportHash::sha256},
                                        {"sha512", ImportHash::sha512},
                                        {"bcrypt", ImportHash::bcrypt},
                                        {"pbkdf2-sha1", ImportHash::pbkdf2_sha1},
                                        {"pbkdf2-sha256", ImportHash::pbkdf2_sha256},
                                        {"pbkdf2-sha512", ImportHash::pbkdf2_sha512}};
constexpr Word<SaltPosition> kPositions[] = {
    {"prefix", SaltPosition::prefix}, {"suffix", SaltPosition::suffix}, {"none", SaltPosition::none}};
constexpr Word<SaltEncoding> kEncodings[] = {
    {"text", SaltEncoding::text}, {"hex", SaltEncoding::hex}, {"base64", SaltEncoding::base64}};

template <class T, std::size_t N>
Result<T> find(const Word<T> (&words)[N], std::string_view wanted, const char* member) {
  std::string known;
  for (const auto& [word, value] : words) {
    if (word == wanted) return value;
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  return unexpected(Error{ErrorKind::kInvalid, std::string(member) + " is none of " + known, "", member});
}

}  // namespace

Result<ImportOptions> to_import_options(const ImportWords& words) {
  ImportOptions out;
  const Result<ImportFormat> format = find(kFormats, words.format, "format");
  if (!format) return unexpected(format.error());
  const Result<ImportHash> hash = find(kHashes, words.hash, "hash");
  if (!hash) return unexpected(hash.error());
  const Result<SaltEncoding> encoding = find(kEncodings, words.salt_encoding, "salt_encoding");
  if (!encoding) return unexpected(encoding.error());
  if (!words.salt_position.empty()) {
    const Result<SaltPosition> position = find(kPositions, words.salt_position, "salt_position");
    if (!position) return unexpected(position.error());
    out.salt_position = *position;
  }
  if (words.iterations < 0 || words.iterations > kMostImportIterations)
    return unexpected(Error{ErrorKind::kInvalid, "iterations is no whole number from 1 to 1500000", "", "iterations"});
  out.format = *format;
  out.hash = *hash;
  out.salt_encoding = *encoding;
  out.iterations = static_cast<std::uint32_t>(words.iterations);
  return out;
}

}  // namespace sallyport
