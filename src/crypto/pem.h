// PEM blocks (RFC 7468) taken out of a text, with what stands between them left aside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport {

struct PemBlock {
  std::string label;  // "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"
  std::string der;    // empty for private keys, which are not taken out
  bool private_key() const { return label.ends_with("PRIVATE KEY"); }
};

bool looks_like_pem(std::string_view text) noexcept;
// At most 10,000 blocks. An error where a block is damaged or there is none.
Result<std::vector<PemBlock>> read_pem(std::string_view text);

}  // namespace sallyport
