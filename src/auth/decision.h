// Decision: verdict and reason, who it is, and how long. Its views live as long as
// the attempt, the snapshot and the workspace that it was made with.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bars/token_marks.h"
#include "base/clock.h"
#include "base/modes.h"
#include "base/reason.h"

namespace sallyport {

class VerificationKey;
struct TokenAuthority;
class TopicRules;

struct Decision {
  Verdict verdict = Verdict::deny;
  Reason reason = Reason::internal_error;
  Authenticator authenticator = Authenticator::none;  // whose word it is; none: the end of the chain
  std::string_view principal;                         // who it is; empty where nobody was recognised
  std::string_view issuer;                            // the verified token's iss; empty: it has none that is text
  bool principal_verified = false;                    // by the password or a verified claim, not by CONNECT's own say
  bool is_superuser = false;
  std::optional<UnixSeconds> expires_at;  // the token's exp, without leeway
  bool client_id_bound = false;  // the client id counts as proved: a password user's, or a claim had to equal it
  std::shared_ptr<const TopicRules> token_rules;  // what the token itself says of topics; nothing: it does not
  std::vector<std::string> groups;                // that the token puts its holder in
  TokenMarks marks;                // of a verified token: what a revocation that comes later is held against
  std::string_view jti, key_id;    // the texts of two of them; the principal's is above
  bool certificate_bound = false;  // the token holds on connections with this client certificate alone (RFC 8705)
  std::vector<std::pair<std::string, std::string>> attributes;  // what a broker may be told of him: name and text
  const VerificationKey* key = nullptr;                         // the key that verified the token
  const TokenAuthority* authority = nullptr;                    // whose keys and rules judged the token
  bool token_shown = false;    // the field held a token: user names that look like one are not logged
  bool wants_refresh = false;  // an unknown kid: ask the key sources
  bool wants_user = false;     // the store may know a user of this name: fetch him
  bool wants_rehash = false;   // a weak imported hash was right: replace it
};

}  // namespace sallyport
