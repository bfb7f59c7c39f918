// KeptDigest: stands for a value that is compared later and must not be read: a keyed
// hash (SipHash-2-4, 64 bits), under a key that does not lie beside it. Equal values of
// two names have unrelated digests. Immutable; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sallyport {

class KeptDigest {
 public:
  // Bytes of a key file, which may serve other purposes too.
  explicit KeptDigest(std::string_view key_bytes) noexcept;
  ~KeptDigest();
  KeptDigest(const KeptDigest&) = default;
  KeptDigest& operator=(const KeptDigest&) = delete;
  bool operator==(const KeptDigest& other) const noexcept;

  using Digest = std::array<char, 8>;
  Digest operator()(std::string_view name, std::string_view value) const;

 private:
  std::array<unsigned char, 16> key_{};
};

}  // namespace sallyport
