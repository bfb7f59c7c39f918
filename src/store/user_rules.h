// What a user record must be to be kept, whatever the engine, and how that is said.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "base/result.h"
#include "users/user_record.h"

namespace sallyport {

inline constexpr std::size_t kMaxUsername = 65535;
inline constexpr std::size_t kMaxStoredHash = 1024;

inline Result<void> check_stored_hash(std::string_view hash) {
  if (hash.empty() || hash.size() > kMaxStoredHash)
    return unexpected(invalid(fmt::format("the hash is empty or over {} characters long", kMaxStoredHash)));
  return {};
}
inline Result<void> check_record(const UserRecord& user) {
  if (user.username.empty()) return unexpected(invalid("the user name is empty"));
  if (user.username.size() > kMaxUsername)
    return unexpected(invalid(fmt::format("the user name is longer than MQTT can carry ({} bytes)", kMaxUsername)));
  if (user.username.find('\0') != std::string::npos)
    return unexpected(invalid("the user name has a NUL character in it, which MQTT forbids"));
  return check_stored_hash(user.hash);
}
inline Error no_such_user(std::string_view username) {
  return {ErrorKind::kNotFound, fmt::format("there is no user {}", username), "see the names with: sallyport user list",
          ""};
}
inline Error user_changed(std::string_view username) {
  return {ErrorKind::kConflict, fmt::format("user {} was changed meanwhile", username),
          "look at it again and repeat the change", ""};
}
inline Error user_exists(std::string_view username) {
  return {ErrorKind::kConflict, fmt::format("there is a user {} already", username), "", ""};
}
inline Error user_twice(std::string_view username) {
  return {ErrorKind::kConflict, fmt::format("user {} stands there twice", username), "", ""};
}

}  // namespace sallyport
