// What the gate must answer, written apart from it and as plainly as can be: lists that are walked from end to end, and
// no memory of anything but the last word about each thing. For sequence_fuzz.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::model {

using Seconds = std::int64_t;
inline constexpr Seconds kNever = std::numeric_limits<Seconds>::max();

struct User {
  std::string password;
  bool enabled = true, superuser = false;
};

struct Token {
  int key = 0;  // 0, 1: a secret; from 2 on: a key that the issuer publishes
  bool damaged = false;
  std::string subject, id, client;
  Seconds issued = 0;
  std::optional<Seconds> expires;
  bool has_acl = false;  // may publish under site/0/ and nothing else
};

struct Bar {
  std::string kind, value;  // kind: jti, principal, kid, client_id, username, address
  Seconds issued_before = kNever, until = kNever;
};

enum class Answer { in, out, later };

struct Session {
  std::string client, user, address;
  std::string holder;
  bool superuser = false, by_token = false;
  Token token;
};

struct Gate {
  Seconds now = 0;
  int secret = 0;           // which of the two is in the settings
  std::set<int> published;  // what the issuer's key set holds
  bool bound = false;       // the token's client must be the client id
  Seconds leeway = 0;
  bool topics_open = true;
  std::map<std::string, User> users;
  std::vector<Bar> bars;

  static std::string kid_of(int key) { return key < 2 ? "" : "key-" + std::to_string(key); }

  bool barred(const std::string& kind, const std::string& value, std::optional<Seconds> issued = {}) const {
    for (const Bar& bar : bars) {
      if (bar.kind != kind || bar.value != value || bar.until <= now) continue;
      if (bar.issued_before != kNever && issued && *issued >= bar.issued_before) continue;
      return true;
    }
    return false;
  }
  bool revoked(const Token& token) const {
    return barred("jti", token.id, token.issued) || barred("principal", token.subject, token.issued) ||
           (token.key >= 2 && barred("kid", kid_of(token.key), token.issued));
  }
  bool blocked(const std::string& client, const std::string& user, const std::string& address) const {
    return barred("client_id", client) || barred("username", user) || barred("address", address);
  }

  Answer token(const Token& token, const std::string& client) const {
    if (token.key < 2 ? token.key != secret : !published.count(token.key))
      return token.key < 2 ? Answer::out : Answer::later;
    if (token.damaged) return Answer::out;
    if (token.expires && *token.expires + leeway <= now) return Answer::out;
    if (revoked(token) || barred("username", token.subject)) return Answer::out;
    if (bound && token.client != client) return Answer::out;
    return Answer::in;
  }
  Answer connect(const std::string& client, const std::string& user, const std::string& address,
                 const Token& shown) const {
    // No token saves the name of somebody who has a password.
    if (blocked(client, user, address) || users.count(user)) return Answer::out;
    return token(shown, client);
  }
  Answer connect(const std::string& client, const std::string& user, const std::string& address,
                 const std::string& password) const {
    if (blocked(client, user, address)) return Answer::out;
    const auto found = users.find(user);
    if (found == users.end()) return Answer::out;
    return found->second.password == password && found->second.enabled ? Answer::in : Answer::out;
  }
  Answer renew(const Session& session, const Token& shown) const {
    if (blocked(session.client, session.user, session.address)) return Answer::out;
    const Answer answer = token(shown, session.client);
    return answer == Answer::in && shown.subject != session.holder ? Answer::out : answer;
  }
  bool may_publish(const Session& session, const std::string& topic) const {
    if (session.superuser) return true;
    if (session.by_token && session.token.has_acl) return topic.rfind("site/0/", 0) == 0;
    return topics_open && topic.rfind("$SYS", 0) != 0;
  }

  // Said again, it is wider and never narrower.
  void bar(Bar added) {
    for (Bar& there : bars)
      if (there.kind == added.kind && there.value == added.value) {
        there.until = std::max(there.until, added.until);
        there.issued_before = std::max(there.issued_before, added.issued_before);
        return;
      }
    bars.push_back(std::move(added));
  }
};

}  // namespace sallyport::model
