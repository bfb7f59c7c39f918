// Subscriber: whose guesses count together. An IPv4 address is one; of IPv6 it is the /64, which whoever has one
// address of it has all of, and could guess from each anew. In text, for people too: "192.0.2.7", "2001:db8:0:1::/64".
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sallyport {

class Subscriber {
 public:
  // Of an address, or of a subscriber as text() gave it. What is no address is taken as it stands and must outlive
  // this.
  explicit Subscriber(std::string_view address) noexcept;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  std::string_view text() const noexcept { return text_; }

 private:
  std::array<char, 64> room_{};
  std::string_view text_;
};

}  // namespace sallyport
