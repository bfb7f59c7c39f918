// Reason: why a decision is what it is. One table, reason.def, feeds everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

enum class ReasonClass : std::uint8_t { in, credential, token, signature, time, claim, policy, unavailable };

enum class Reason : std::uint8_t {
#define SP_REASON(name, cls, text, mend) name,
#include "base/reason.def"
#undef SP_REASON
};

struct ReasonEntry {
  Reason reason;
  ReasonClass cls;
  std::string_view name;  // "bad_signature"
  std::string_view text;  // what happened
  std::string_view mend;  // what a person can do; may be empty
};

inline constexpr ReasonEntry kReasons[] = {
#define SP_REASON(name, cls, text, mend) {Reason::name, ReasonClass::cls, #name, text, mend},
#include "base/reason.def"
#undef SP_REASON
};
inline constexpr std::size_t kReasonCount = sizeof kReasons / sizeof kReasons[0];

inline constexpr const ReasonEntry& entry(Reason r) { return kReasons[static_cast<std::size_t>(r)]; }
inline constexpr std::string_view name(Reason r) { return entry(r).name; }
inline constexpr std::string_view name(ReasonClass c) {
  constexpr std::string_view names[] = {"in",   "credential", "token",  "signature",
                                        "time", "claim",      "policy", "unavailable"};
  return names[static_cast<std::size_t>(c)];
}
inline constexpr std::optional<Reason> reason_from_name(std::string_view wanted) {
  for (const ReasonEntry& e : kReasons)
    if (e.name == wanted) return e.reason;
  return std::nullopt;
}

}  // namespace sallyport
