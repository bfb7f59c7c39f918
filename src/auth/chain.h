// The decision: a pure function of the attempt, the snapshot and the moment.
//
// Default authentication, then JWT. Success of one ends the chain: in. Failure of one
// ends it: out. Cannot-decide ends it: unavailable. Only "this is not my kind of
// credential" goes on; what nobody owns meets no_match. No I/O, no waiting, no clock.
#pragma once

#include "auth/connect_attempt.h"
#include "auth/decision.h"
#include "auth/gate_snapshot.h"
#include "auth/mark_memory.h"
#include "auth/trace.h"
#include "base/clock.h"
#include "jose/compact_jws.h"

namespace sallyport {

class GuessBrake;
struct TokenHolder;
class PasswordMemory;
class TokenCache;

// Room that a decision works in, kept and used again; one a thread.
struct Workspace {
  TokenBuffers token;
  Trace trace;
  MarkMemory key, key_id, issuer;
};

// What speeds a decision up or slows guessing down, and never changes who is let in. Any may be absent (the CLI has
// none).
struct DecisionMemory {
  PasswordMemory* passwords = nullptr;
  TokenCache* tokens = nullptr;
  GuessBrake* brake = nullptr;
  bool equalize_timing = false;  // spend a hash on unknown users, so that names cannot be told by time
};

// What is computed once, so that a decision need not:
//   for each key       HMAC's padded states (crypto/hmac.h), OpenSSL's key and contexts (crypto/public_key.h), the
//                      fast engine's table (crypto/fast_key.h), label and thumbprint (jose/verification_key.h);
//   for each snapshot  the index of keys by algorithm and kid (keys/key_ring.h), claim paths and templates
//                      (rules/claim_rule.h), topic rules (rules/settings_topic_rules.h), the users' tables
//                      (users/user_directory.h);
//   for each token     its signature and where its payload's members lie (auth/token_cache.h), what it shares with the
//                      one before (TokenBuffers::header_text, auth/mark_memory.h), its topic rights while in session;
//   for each attempt   everything else: shape, base64url, JSON where it is new, times, claims, principal.
Decision decide(const ConnectAttempt& attempt, const GateSnapshot& snapshot, const Moment& now, Workspace& work,
                const DecisionMemory& memory = {});

// Whether a session may go on with the token in `attempt.auth_data`; the rest of the attempt is what the client said
// and was when it connected. All that CONNECT is held to, and the session's own holder: reason `renewed`, or
// identity_changed where the token is good and somebody else's.
Decision decide_renewal(const ConnectAttempt& attempt, const TokenHolder& holder, const GateSnapshot& snapshot,
                        const Moment& now, Workspace& work, const DecisionMemory& memory = {});

}  // namespace sallyport
