#include "crypto/fast_confirmations.h"

#include <cstring>

#include "crypto/fast_known_answers.h"

namespace sallyport::fast {

Confirmations::Confirmations() : slots_(kSlots) {
  for (std::size_t i = 0; i < kSlots; ++i) slots_[i].turn.store(i, std::memory_order_relaxed);
}

bool Confirmations::offer(const std::shared_ptr<Key>& key, SignatureScheme scheme, Hash hash, std::string_view input,
                          std::string_view signature) noexcept {
  if (!fits(input, signature)) return false;
  std::size_t at = next_in_.load(std::memory_order_relaxed);
  for (;;) {
    Slot& slot = slots_[at % kSlots];
    const std::size_t turn = slot.turn.load(std::memory_order_acquire);
    if (turn == at) {
      if (!next_in_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) continue;
      slot.key = key;
      slot.scheme = scheme;
      slot.hash = hash;
      slot.input_size = input.size();
      slot.signature_size = signature.size();
      std::memcpy(slot.input.data(), input.data(), input.size());
      std::memcpy(slot.signature.data(), signature.data(), signature.size());
      slot.turn.store(at + 1);  // in one order with the sleeper's flag (Engine::offer, wait_for_work)
      return true;
    }
    if (static_cast<std::ptrdiff_t>(turn - at) < 0) return false;  // still full from a round ago
    at = next_in_.load(std::memory_order_relaxed);
  }
}

Confirmations::Outcome Confirmations::confirm_next() noexcept {
  std::size_t at = next_out_.load(std::memory_order_relaxed);
  for (;;) {
    Slot& slot = slots_[at % kSlots];
    const std::size_t turn = slot.turn.load(std::memory_order_acquire);
    if (turn == at + 1) {
      if (!next_out_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) continue;
      const std::string_view input(slot.input.data(), slot.input_size);
      const std::string_view signature(slot.signature.data(), slot.signature_size);
      Outcome outcome = Outcome::confirmed;
      if (!slot.key->judge(slot.scheme, slot.hash, input, signature))
        outcome =
            refusal_stands(*slot.key, slot.scheme, slot.hash, input, signature) ? Outcome::mismatch : Outcome::unasked;
      slot.key.reset();
      // Tokens do not stay: what is let in elsewhere by its bytes is not kept here longer than it takes.
      std::memset(slot.input.data(), 0, slot.input_size);
      std::memset(slot.signature.data(), 0, slot.signature_size);
      slot.turn.store(at + kSlots, std::memory_order_release);
      return outcome;
    }
    if (static_cast<std::ptrdiff_t>(turn - (at + 1)) < 0) return Outcome::nothing_waits;
    at = next_out_.load(std::memory_order_relaxed);
  }
}

bool Confirmations::empty() const noexcept {
  const std::size_t at = next_out_.load();
  return slots_[at % kSlots].turn.load() != at + 1;
}

}  // namespace sallyport::fast
