// The gate that is measured, as a broker would have it: password users are on, and the names asked for are none of
// them; tokens have a key, an expiry, and two claims that must be the user name and the client id.
#pragma once

#include <string>
#include <string_view>
#include <thread>

#include "auth/chain.h"
#include "crypto/fast_engine.h"
#include "jose/key_set.h"
#include "users/password_hash.h"

namespace sallyport::our_gate {

inline KeyPtr key_of(std::string_view algorithm, const std::string& text) {
  const bool secret = algorithm.starts_with("HS");
  const KeyOptions options{.origin = secret ? KeyOrigin::secret : KeyOrigin::public_key,
                           .label = "bench",
                           .kid = {},
                           .allowed = kAllAlgorithms};
  if (secret) return make_secret_key(text, options).value();
  return parse_key_document(text, KeyDocumentPolicy::trusted_file, options).value().keys.at(0);
}

inline GateSnapshot gate_with(KeyPtr key) {
  GateSnapshot gate;
  UserDirectory::Builder users;
  UserRecord somebody;
  somebody.username = "somebody";
  somebody.hash = hash_password("a password of nobody").value();
  users.add(somebody);
  gate.users = users.build();
  gate.jwt.enabled = true;
  gate.jwt.principal_claims.emplace_back("username");
  gate.jwt.plain.require_exp = true;
  gate.jwt.plain.claims.push_back({ClaimPath("username"), Template::compile("%u").value()});
  gate.jwt.plain.claims.push_back({ClaimPath("clientid"), Template::compile("%c").value()});
  gate.jwt.plain.keys = std::make_shared<const KeyRing>(std::vector<KeyPtr>{std::move(key)}, 1);
  return gate;
}

inline ConnectAttempt attempt_of(std::string_view username, std::string_view client_id, std::string_view token) {
  ConnectAttempt attempt;
  attempt.client_id = client_id;
  attempt.username = username;
  attempt.password = token;
  attempt.peer = {"192.0.2.7", Transport::mqtt_tcp};
  return attempt;
}

// Whether the fast engine has another way than OpenSSL's and libsodium's for these tokens.
inline bool has_fast_way(std::string_view algorithm) {
  return !fast::paths().empty() &&
         (algorithm == "RS256" || algorithm == "ES256" || algorithm == "ES384" || algorithm == "EdDSA");
}

// [crypto] engine = "auto" as the engine room sets it up: a thread that confirms.
class FastEngine {
 public:
  FastEngine() : confirmer_(fast::Engine::instance()) {
    fast::Engine::instance().enable(true);
    thread_ = std::thread([this] { confirmer_.run([](std::string_view) { std::exit(3); }); });
    while (!fast::Engine::instance().active() && !fast::paths().empty()) std::this_thread::yield();
  }
  ~FastEngine() {
    confirmer_.stop();
    thread_.join();
  }
  FastEngine(const FastEngine&) = delete;
  FastEngine& operator=(const FastEngine&) = delete;

 private:
  fast::Engine::Confirmer confirmer_;
  std::thread thread_;
};

}  // namespace sallyport::our_gate
