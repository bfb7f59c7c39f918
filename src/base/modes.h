// The words of settings that more than one room uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sallyport {

enum class NoMatch : std::uint8_t { deny, allow, defer };
enum class TokenSource : std::uint8_t { password, username };
enum class NotAToken : std::uint8_t { deny, ignore };
enum class GateMode : std::uint8_t { enforce, observe };
enum class LogLevel : std::uint8_t { debug, info, notice, warning, error };
enum class LogFormat : std::uint8_t { text, json };

// Who a decision comes from; the chain asks them in this order.
enum class Authenticator : std::uint8_t { none, password, jwt };

enum class Verdict : std::uint8_t { allow, deny, ignore, unavailable };

constexpr std::string_view name(Verdict v) {
  constexpr std::string_view names[] = {"allow", "deny", "ignore", "unavailable"};
  return names[static_cast<std::size_t>(v)];
}
constexpr std::string_view name(Authenticator a) {
  constexpr std::string_view names[] = {"none", "password", "jwt"};
  return names[static_cast<std::size_t>(a)];
}
constexpr std::string_view name(LogLevel l) {
  constexpr std::string_view names[] = {"debug", "info", "notice", "warning", "error"};
  return names[static_cast<std::size_t>(l)];
}
constexpr std::string_view name(NoMatch n) {
  constexpr std::string_view names[] = {"deny", "allow", "defer"};
  return names[static_cast<std::size_t>(n)];
}
constexpr std::string_view name(GateMode m) { return m == GateMode::enforce ? "enforce" : "observe"; }

}  // namespace sallyport
