// PasswordMemory: a right password seen again under the same record costs a keyed
// hash (microseconds) instead of the password hash (milliseconds). In memory only:
// 256-bit keyed digests under a random key of this process, bounded, wiped at the end.
// Thread-safe; a lock that is taken is a miss.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace sallyport {

class PasswordMemory {
 public:
  explicit PasswordMemory(std::size_t entries = 65'536);
  ~PasswordMemory();
  // The version is the record's: any change of the user forgets the password.
  bool knows(std::string_view username, std::uint64_t version, std::string_view password) const noexcept;
  void remember(std::string_view username, std::uint64_t version, std::string_view password) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sallyport
