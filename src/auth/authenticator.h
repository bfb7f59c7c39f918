// What the chain's two links share. An authenticator answers by filling the Decision in, in
// its place, or not at all: this is not its kind of credential.
#pragma once

#include <optional>

#include "auth/chain.h"

namespace sallyport {

struct AuthContext {
  const ConnectAttempt& attempt;
  const GateSnapshot& snapshot;
  const Moment& now;
  Workspace& work;
  const DecisionMemory& memory;
};

// What the chain must know beyond the decisions themselves.
struct ChainNotes {
  bool user_unknown = false;  // a user name was shown, the users were asked, and none has it
  bool token_verified = false;
  bool token_shown = false;
};

// Whether it is its kind of credential. `d` is as it was made.
bool ask_password(const AuthContext& context, ChainNotes& notes, Decision& d);
bool ask_jwt(const AuthContext& context, ChainNotes& notes, Decision& d);
// A field that holds a token and nothing else: enhanced authentication's data, or a renewal.
void ask_about_token(const AuthContext& context, std::string_view field, ChainNotes& notes, Decision& d);

inline void answer(Decision& d, Authenticator who, Verdict verdict, Reason reason) {
  d.verdict = verdict;
  d.reason = reason;
  d.authenticator = who;
}

// Whether the token stands where CONNECT has its user name, which is then nobody's name.
inline bool token_is_user_name(const AuthContext& c) {
  return c.snapshot.jwt.from == TokenSource::username && !c.attempt.auth_method;
}

// Absent and empty are the same to a chain: neither shows anything.
inline bool shown(const std::optional<std::string_view>& field) { return field && !field->empty(); }

}  // namespace sallyport
