// What the chain's two links share. An authenticator answers with a Decision, or with
// nothing: this is not its kind of credential.
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

std::optional<Decision> ask_password(const AuthContext& context, ChainNotes& notes);
std::optional<Decision> ask_jwt(const AuthContext& context, ChainNotes& notes);
// A field that holds a token and nothing else: enhanced authentication's data, or a renewal.
Decision ask_about_token(const AuthContext& context, std::string_view field, ChainNotes& notes);

// Whether the token stands where CONNECT has its user name, which is then nobody's name.
inline bool token_is_user_name(const AuthContext& c) {
  return c.snapshot.jwt.from == TokenSource::username && !c.attempt.auth_method;
}

// Absent and empty are the same to a chain: neither shows anything.
inline bool shown(const std::optional<std::string_view>& field) { return field && !field->empty(); }

}  // namespace sallyport
