// What the fast engine holds of one public key: how often it was used, its table once it
// has one, and OpenSSL's form of it for those who judge. Shared by every PublicKey with the
// same numbers, so that a table outlives a reload of settings. Thread-safe.
//
// Computed once for each key: the table. A decision reads an atomic pointer and never waits;
// whoever takes a table away waits until nobody reads it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/digest.h"
#include "crypto/fast_path.h"
#include "crypto/key_type.h"

namespace sallyport::fast {

// One key's table, on one path.
class KeyTable {
 public:
  virtual ~KeyTable() = default;
  virtual Answer verify(std::string_view input, std::string_view signature) const noexcept = 0;
  virtual std::size_t bytes() const noexcept = 0;

  // Nothing for a key that the fast engine does not serve.
  static std::unique_ptr<const KeyTable> make(KeyType type, std::string_view first, std::string_view second, Path path);
  // About what a table of this kind takes; 0: not served.
  static std::size_t bytes_of(KeyType type) noexcept;
  // Whether this key, sound as it is, is one that gets a table: of RSA's keys one size and one exponent do.
  static bool takes(KeyType type, std::string_view first, std::string_view second) noexcept;
  // The one scheme and hash that the tables of this kind of key are for.
  static bool serves(KeyType type, SignatureScheme scheme, Hash hash) noexcept;
};

class Key {
 public:
  static constexpr std::uint32_t kUsesBeforeTable = 8;
  // So many answers of each key are not believed but decided by OpenSSL, and compared.
  static constexpr std::uint32_t kProbation = 16;

  // Takes a reference of its own of `evp_pkey`.
  Key(KeyType type, std::string first, std::string second, void* evp_pkey);
  ~Key();
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  KeyType type() const noexcept { return type_; }
  bool serves(SignatureScheme scheme, Hash hash) const noexcept { return KeyTable::serves(type_, scheme, hash); }

  // Counts a use. True for the one that makes the key ask for a table.
  bool count_use() noexcept { return uses_.fetch_add(1, std::memory_order_relaxed) + 1 == kUsesBeforeTable; }
  bool wants_table() const noexcept {
    return uses_.load(std::memory_order_relaxed) >= kUsesBeforeTable && !table_.load(std::memory_order_relaxed);
  }
  bool on_probation() noexcept {
    return answers_.load(std::memory_order_relaxed) < kProbation &&
           answers_.fetch_add(1, std::memory_order_relaxed) < kProbation;
  }

  // By the table, where there is one. `tick` is remembered as the time of the last use.
  Answer ask(std::uint32_t tick, std::string_view input, std::string_view signature) const noexcept;

  // By OpenSSL (Ed25519: libsodium), from nothing but the key: the judge. Any thread.
  bool judge(SignatureScheme scheme, Hash hash, std::string_view input, std::string_view signature) const noexcept;

  // Off the decision path, by one thread at a time.
  void build(Path path, std::uint32_t tick);
  void drop_table() noexcept;  // waits for those who read it
  std::size_t table_bytes() const noexcept;
  std::uint32_t last_used() const noexcept { return last_used_.load(std::memory_order_relaxed); }

 private:
  const KeyType type_;
  const std::string first_, second_;
  void* const pkey_;
  std::atomic<std::uint32_t> uses_{0}, answers_{0};
  mutable std::atomic<std::uint32_t> last_used_{0}, readers_{0};
  std::atomic<const KeyTable*> table_{nullptr};
};

}  // namespace sallyport::fast
