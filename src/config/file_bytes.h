// A small regular file, read whole, with what its permissions say about who else reads it.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace sallyport {

struct FileBytes {
  std::string bytes;
  bool others_read = false;   // any user of this machine can read it
  bool others_write = false;  // any user of this machine can change it
};

// kNotFound, kDenied or kInvalid (a folder, a device, longer than `cap`); the cause names the path.
Result<FileBytes> read_file_bytes(const std::string& path, std::size_t cap);
// Size and a 64-bit hash of the bytes, to tell that a file changed. Never shown: it could test a guess of a secret.
std::string digest_bytes(const std::string& bytes);

}  // namespace sallyport
