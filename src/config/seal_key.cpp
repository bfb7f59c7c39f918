#include "config/seal_key.h"

#include <fmt/format.h>

#include "config/file_bytes.h"
#include "crypto/sealer.h"

namespace sallyport {

Result<Secret> read_seal_key(const std::string& path) {
  auto file = read_file_bytes(path, 4096);
  if (!file) {
    Error error = file.error();
    if (error.kind == ErrorKind::kNotFound) error.hint = "make one: sallyport config seal-key " + path;
    return unexpected(std::move(error));
  }
  Secret out;
  Error error;
  if (file->others_read)
    error = {ErrorKind::kDenied, fmt::format("every user of this machine can read {}", path), "chmod o-rwx " + path,
             ""};
  else if (file->bytes.size() < Sealer::kLeastKey)
    error = invalid(fmt::format("{} has fewer than {} bytes", path, Sealer::kLeastKey),
                    "make one: sallyport config seal-key FILE");
  else
    out = Secret(file->bytes);
  wipe(file->bytes);
  if (out.empty()) return unexpected(std::move(error));
  return out;
}

Result<KeptDigest> read_kept_digest(const std::string& path) {
  const Result<Secret> key = read_seal_key(path);
  if (!key) return unexpected(key.error());
  return KeptDigest(key->view());
}

}  // namespace sallyport
