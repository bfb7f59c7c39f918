// Accepted signatures that wait to be checked again by OpenSSL: a bounded ring whose slots
// are allocated once, for any number of threads on both ends, without a lock (D. Vyukov's
// bounded MPMC queue: each slot's turn says whose it is). A decision copies a token in, about
// a microsecond's twentieth; where there is no room the offer is refused and nobody waits.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "crypto/fast_key.h"

namespace sallyport::fast {

class Confirmations {
 public:
  static constexpr std::size_t kSlots = 256;  // a power of two
  static constexpr std::size_t kMaxInput = 4096, kMaxSignature = 256;

  Confirmations();
  static bool fits(std::string_view input, std::string_view signature) noexcept {
    return input.size() <= kMaxInput && signature.size() <= kMaxSignature;
  }
  bool offer(const std::shared_ptr<Key>& key, SignatureScheme scheme, Hash hash, std::string_view input,
             std::string_view signature) noexcept;

  enum class Outcome : std::uint8_t { nothing_waits, confirmed, unasked, mismatch };
  // Takes one out and judges it; `unasked`: there was no memory for that.
  Outcome confirm_next() noexcept;
  bool empty() const noexcept;

 private:
  struct Slot {
    std::atomic<std::size_t> turn{0};
    std::shared_ptr<Key> key;
    SignatureScheme scheme{};
    Hash hash{};
    std::size_t input_size = 0, signature_size = 0;
    std::array<char, kMaxInput> input;
    std::array<char, kMaxSignature> signature;
  };
  std::vector<Slot> slots_;
  alignas(64) std::atomic<std::size_t> next_in_{0};
  alignas(64) std::atomic<std::size_t> next_out_{0};
};

}  // namespace sallyport::fast
