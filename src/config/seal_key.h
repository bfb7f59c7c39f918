// The key file of [store] key_file, and what is made of it.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/kept_digest.h"

namespace sallyport {

// Its bytes; refused where others may read them, or there are too few.
Result<Secret> read_seal_key(const std::string& path);
Result<KeptDigest> read_kept_digest(const std::string& path);

}  // namespace sallyport
