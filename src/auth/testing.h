// For tests of this room: a snapshot to shape, tokens to sign.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/chain.h"
#include "jose/sign.h"
#include "users/password_hash.h"

namespace sallyport::testing {

inline constexpr std::string_view kSecret = "a secret of this test that nobody has published";
inline constexpr UnixSeconds kNow = 1'800'000'000;

inline KeyPtr secret_key(std::string_view secret, std::optional<std::string> kid = {}) {
  return make_secret_key(
             secret, {.origin = KeyOrigin::secret, .label = "secret", .kid = std::move(kid), .allowed = kAllAlgorithms})
      .value();
}

inline std::string token(std::string_view payload, std::string_view secret = kSecret,
                         std::string_view header = R"({"alg":"HS256","typ":"JWT"})") {
  return sign_compact(*signing_key_from_secret(secret).value(), Algorithm::HS256, header, payload).value();
}

struct User {
  std::string name, password;
  bool enabled = true;
  bool superuser = false;
};

inline std::shared_ptr<const UserDirectory> directory(const std::vector<User>& users) {
  UserDirectory::Builder builder;
  std::uint64_t version = 0;
  for (const User& u : users) {
    UserRecord record;
    record.username = u.name;
    record.hash = hash_password(u.password).value();
    record.enabled = u.enabled;
    record.is_superuser = u.superuser;
    record.version = ++version;
    builder.add(record);
  }
  return builder.build();
}

// Passwords on with ann/right, tokens on with kSecret.
inline GateSnapshot gate() {
  static const std::shared_ptr<const UserDirectory> users =
      directory({{"ann", "right"}, {"off", "right", false}, {"root", "right", true, true}});
  GateSnapshot s;
  s.users = users;
  s.jwt.enabled = true;
  s.jwt.principal_claims.emplace_back("sub");
  s.jwt.methods = {"JWT"};
  s.jwt.plain.keys = std::make_shared<const KeyRing>(std::vector<KeyPtr>{secret_key(kSecret)}, 1);
  return s;
}

struct Attempt {
  std::optional<std::string> username{}, password{}, client_id = "c1";
  std::string address = "192.0.2.7";
  Transport transport = Transport::mqtt_tcp;

  ConnectAttempt view() const {
    ConnectAttempt a;
    if (client_id) a.client_id = *client_id;
    if (username) a.username = *username;
    if (password) a.password = *password;
    a.peer = {address, transport};
    return a;
  }
};

inline Decision judge(const Attempt& attempt, const GateSnapshot& snapshot, Workspace& work, UnixSeconds now = kNow,
                      const DecisionMemory& memory = {}) {
  return decide(attempt.view(), snapshot, {now, 1'000'000}, work, memory);
}

}  // namespace sallyport::testing
