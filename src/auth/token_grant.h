// What a token gives beside entry: topic rights, groups, superuser, and which names it
// proves. Only for the claims of a verified token that passed every other rule.
#pragma once

#include <optional>

#include "auth/authenticator.h"

namespace sallyport {

// Writes to `decision`. The reason to refuse with, or nothing: malformed_rights, unsupported_condition.
std::optional<Reason> read_grant(const JsonValue& claims, const TokenAuthority& authority, const AuthContext& context,
                                 Decision& decision);

// Whether a rule holds a claim to CONNECT's user name.
bool binds_user_name(const TokenAuthority& authority);

}  // namespace sallyport
