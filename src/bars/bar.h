// A bar: what keeps somebody out whatever he shows. A revocation bars tokens, a block
// bars clients. One record for both, as the store keeps it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport {

// The numbers stand in stores and never change.
enum class BarKind : std::uint8_t {
  jti = 0,         // one token
  principal = 1,   // the tokens of somebody
  key_id = 2,      // the tokens of a key
  client_id = 16,  // from here on: blocks
  client_id_pattern = 17,
  username = 18,
  username_pattern = 19,
  address = 20,  // one, or a network in CIDR form
};
enum class BarClass : std::uint8_t { revocation, block };

constexpr BarClass class_of(BarKind kind) noexcept {
  return static_cast<std::uint8_t>(kind) < 16 ? BarClass::revocation : BarClass::block;
}
// "jti", "principal", "kid", "client_id", "username", "address"; a pattern has its field's name.
std::string_view name(BarKind kind) noexcept;
constexpr std::string_view name(BarClass c) noexcept { return c == BarClass::revocation ? "revocation" : "block"; }
bool is_pattern(BarKind kind) noexcept;
std::optional<BarKind> bar_kind_from_number(std::int64_t number) noexcept;
// By name() and whether it is a pattern; nothing where there is no such kind.
std::optional<BarKind> bar_kind_from_name(std::string_view name, bool pattern) noexcept;

inline constexpr UnixSeconds kForever = std::numeric_limits<UnixSeconds>::max();

struct BarRecord {
  std::int64_t id = 0;  // the store's; 0: not kept yet
  BarKind kind = BarKind::jti;
  std::string value;                     // the jti, the principal, the kid; the client id, user name, address, pattern
  std::string issuer;                    // of revocations: tokens of this issuer alone; empty: of whatever issuer
  UnixSeconds issued_before = kForever;  // of revocations: tokens issued before it, or without iat
  UnixSeconds until = kForever;          // it is over at this moment
  std::string why;                       // a person's words
  std::string author;                    // "cli:root"
  UnixSeconds created_at = 0;

  bool over(UnixSeconds now) const noexcept { return until <= now; }
};

struct BarChange {
  BarRecord record;
  bool removed = false;
};

inline constexpr std::size_t kMaxBarValue = 65'535;
inline constexpr std::size_t kMaxBarIssuer = 1'024;
inline constexpr std::size_t kMaxBarWhy = 1'000;
inline constexpr std::size_t kMaxBarWhyShown = 200;  // what is kept of it in memory

// What a bar must be to be kept. Brings an address into the one form that it has everywhere.
Result<void> check_bar(BarRecord& bar);

// '*' stands for any number of bytes, '?' for one, a backslash takes the next byte as it is.
bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

// When no token that a revocation hits can still be valid, where that can be told: tokens live at most `max_lifetime`
// from their iat. A day is added for clocks that are wrong. Nothing: it can't be told.
std::optional<UnixSeconds> last_of_its_tokens(const BarRecord& bar, std::int64_t max_lifetime, std::int64_t leeway);

}  // namespace sallyport
