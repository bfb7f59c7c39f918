// Role: what an administrator may do; each may all that the ones before it may.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

enum class Role : std::uint8_t {
  none,           // nobody signed in
  viewer,         // sees
  keeper,         // "operator": users, revocations, blocks, keys
  administrator,  // settings, administrators, issuing
};

constexpr std::string_view name(Role role) noexcept {
  switch (role) {
    case Role::none:
      return "none";
    case Role::viewer:
      return "viewer";
    case Role::keeper:
      return "operator";
    case Role::administrator:
      return "administrator";
  }
  return "";
}

// Of an administrator or token: never `none`.
constexpr std::optional<Role> role_from_name(std::string_view text) noexcept {
  for (const Role role : {Role::viewer, Role::keeper, Role::administrator})
    if (name(role) == text) return role;
  return std::nullopt;
}

constexpr bool covers(Role held, Role needed) noexcept {
  return static_cast<std::uint8_t>(held) >= static_cast<std::uint8_t>(needed);
}

}  // namespace sallyport
