// SessionQuery: which sessions an operator means: `session end --where kid=k1 --where
// "client_id=meter-*"`. All conditions must hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/decision.h"
#include "bars/token_marks.h"
#include "base/modes.h"
#include "base/result.h"
#include "rules/ip_range.h"

namespace sallyport {

// What is known of a session, as views.
struct SessionFacts {
  std::string_view client_id, username, principal, address;
  Authenticator authenticator = Authenticator::none;
  const TokenMarks* marks = nullptr;
};

class SessionQuery {
 public:
  // "name=value" each. client_id, username and principal take patterns; address a network; issuer, kid, key (a label,
  // as `keys list` shows it) and jti are exact; authenticator is password or jwt.
  static Result<SessionQuery> parse(const std::vector<std::string>& conditions);
  bool matches(const SessionFacts& session) const noexcept;
  bool asks_for_address() const noexcept;

 private:
  struct Condition {
    enum class Field { client_id, username, principal, address, authenticator, issuer, kid, key, jti } field{};
    std::string pattern;
    IpRange range;
    Authenticator authenticator = Authenticator::none;
    Mark mark;
  };
  static Result<Condition> read(std::string_view name, std::string_view value);
  static bool holds(const Condition& condition, const SessionFacts& session) noexcept;
  std::vector<Condition> conditions_;
};

}  // namespace sallyport
