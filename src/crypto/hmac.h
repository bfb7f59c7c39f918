// HMAC (RFC 2104) with SHA-2. The two padded states are computed once for each key
// and copied by value for each message, so that a check is two copies and the
// hashing, without a lock or an allocation. Immutable; shared by all threads.
#pragma once

#include <memory>
#include <string_view>

#include "crypto/digest.h"

namespace sallyport {

class HmacKey {
 public:
  explicit HmacKey(std::string_view key);
  ~HmacKey();  // wipes
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;

  Digest compute(Hash h, std::string_view input) const noexcept;
  // Constant time in the bytes; false at once for another length.
  bool verify(Hash h, std::string_view input, std::string_view mac) const noexcept;

 private:
  struct States;
  std::unique_ptr<States> states_;
};

}  // namespace sallyport
