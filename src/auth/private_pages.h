// Memory for what must not leave the process: zeroed, given back whole, never in a core dump,
// and kept from being swapped out where the process may ask for that.
#pragma once

#include <cstddef>
#include <span>

namespace sallyport {

class PrivatePages {
 public:
  // Empty where the system has none to give. Pages take memory when they are first touched.
  explicit PrivatePages(std::size_t bytes) noexcept;
  ~PrivatePages();
  PrivatePages(const PrivatePages&) = delete;
  PrivatePages& operator=(const PrivatePages&) = delete;

  std::span<char> bytes() const noexcept { return {begin_, size_}; }
  bool locked() const noexcept { return locked_; }

 private:
  char* begin_ = nullptr;
  std::size_t size_ = 0;
  bool locked_ = false;
};

}  // namespace sallyport
