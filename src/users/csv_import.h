// Users from files of other systems, one at a time, in bounded memory:
//   CSV with a header (username|user_id, password | password_hash, salt, is_superuser, enabled),
//   EMQX's exports (the same as CSV or as a JSON array), Mosquitto's password file.
// What is wrong with a row is told with the row: its number, the column, the cure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "users/byte_stream.h"
#include "users/hash_form.h"

namespace sallyport {

enum class ImportFormat : std::uint8_t { automatic, csv, emqx, mosquitto };
enum class ImportHash : std::uint8_t {
  automatic,
  plain,
  md5,
  sha,
  sha256,
  sha512,
  bcrypt,
  pbkdf2_sha1,
  pbkdf2_sha256,
  pbkdf2_sha512
};
enum class SaltEncoding : std::uint8_t { text, hex, base64 };

struct ImportOptions {
  ImportFormat format = ImportFormat::automatic;
  // How password_hash is to be read; automatic: PHC strings, bcrypt and Mosquitto's forms, which name themselves.
  ImportHash hash = ImportHash::automatic;
  std::optional<SaltPosition> salt_position;
  SaltEncoding salt_encoding = SaltEncoding::text;
  std::uint32_t iterations = 0;  // pbkdf2
};

struct ImportedUser {
  std::size_t row = 0;
  std::string username;
  std::string password;  // plain, still to be hashed; empty where hash is set
  std::string hash;      // in our text form, checked
  bool enabled = true;
  bool is_superuser = false;
  std::optional<Error> fault;  // the rest is not to be used
};

class UserImport {
 public:
  virtual ~UserImport() = default;
  virtual bool next(ImportedUser& user) = 0;  // false at the end
  virtual std::size_t bytes_read() const = 0;
};

// Reads the header; an Error where the file as a whole cannot be understood.
Result<std::unique_ptr<UserImport>> open_user_import(ReadBytes read, const ImportOptions& options);

}  // namespace sallyport
