// TokenSightings: whether one token is used from two places at once, which a token that
// was copied is. Bounded: of the tokens that came in lately, the one seen longest ago
// makes room. Thread-safe; a sighting never waits for another.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bars/token_marks.h"
#include "base/clock.h"

namespace sallyport {

// Names are cut at 48 bytes, and not yet made safe for a log.
struct TokenSuspicion {
  UnixSeconds at = 0;
  std::string client_id, other_client_id;
  std::string address, other_address;
};

class TokenSightings {
 public:
  static constexpr std::size_t kEntries = 65'536;
  static constexpr std::size_t kKept = 64;  // suspicions
  // An edge that hears nobody leave (HTTP) holds a token to be in use for so long after it was seen.
  static constexpr std::int64_t kInUseMs = 300'000;

  TokenSightings();
  ~TokenSightings();
  TokenSightings(const TokenSightings&) = delete;
  TokenSightings& operator=(const TokenSightings&) = delete;

  // The token let this client in. An empty id or address is not known, and differs from nothing. A suspicion is
  // counted each time, and given back at most once a minute for one token.
  std::optional<TokenSuspicion> seen(const Mark& token, std::string_view client_id, std::string_view address,
                                     const Moment& now, bool hears_of_ends) noexcept;
  // The client's session ended: another may use the token now.
  void gone(const Mark& token, std::string_view client_id) noexcept;

  std::uint64_t suspected() const noexcept;
  std::vector<TokenSuspicion> last() const;  // newest first

 private:
  struct State;
  State* state() noexcept;  // null: no memory
  mutable std::mutex made_;
  std::unique_ptr<State> state_;
};

}  // namespace sallyport
