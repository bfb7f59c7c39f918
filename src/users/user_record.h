// A user of default authentication, as the store keeps it.
#pragma once

#include <cstdint>
#include <string>

namespace sallyport {

struct UserRecord {
  std::string username;  // 1 to 65,535 bytes of UTF-8, no NUL; compared byte for byte
  std::string hash;      // see users/password_hash.h; never shown
  bool enabled = true;
  bool is_superuser = false;
  std::uint64_t version =
      0;  // the change sequence number of the last change: a remembered password holds for one version
};

}  // namespace sallyport
