// Sessions: what the gate knows of each client, by client id AND the broker's pointer.
//
// Neither proves anything alone: pointers are given to the next client, 2.1's HTTP api
// uses one address for every request, and a stranger who is refused causes an event
// that carries the id of the client he wanted to be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/token_holder.h"
#include "auth/topic_rights.h"
#include "base/clock.h"
#include "base/modes.h"

struct mosquitto;

namespace sallyport::mosquitto {

enum class Standing : std::uint8_t {
  admitted,   // the gate let it in
  handed_on,  // the gate was asked and left it to others: observe, no_match = "defer"
  not_ours,   // the gate was never asked: certificate identity, PSK
};
inline constexpr std::size_t kStandings = 3;

struct Session {
  Standing standing = Standing::handed_on;
  bool would_admit = false;  // handed on while observing, and the gate would have let it in
  Authenticator authenticator = Authenticator::none;
  bool principal_verified = false;
  bool is_superuser = false;
  std::string principal;
  std::string username;  // as the broker has it now
  // As CONNECT had it, for a renewal's %u; empty: none, or it was the token.
  std::string connect_username;
  std::string auth_method;  // of MQTT 5; empty: it came without
  TokenHolder holder;       // of the token that let it in; nobody's where none did
  TokenMarks marks;         // what a revocation of that token hits
  std::string address;
  TopicRights rights;
  UnixSeconds since = 0;
  std::optional<UnixSeconds> expires_at;  // the token's exp
  std::optional<UnixSeconds> ends_at;     // when the gate sends it away: exp and leeway, or max_session
  std::uint64_t ticket = 0;               // of the session; the timer's entries name it
  std::uint64_t user_version = 0;         // of the record that the password was right for
  bool by_fast_engine = false;            // its token's signature may have been judged by the fast engine
  bool rehash_expected = false;           // a weak hash is about to be replaced, which is no other password
  struct Subscription {
    std::string filter;
    std::uint8_t qos = 0;
  };
  std::vector<Subscription> subscriptions;  // granted to one that can be renewed, at most kMaxSubscriptions
  bool more_subscriptions = false;          // than those
  // That a renewal took the right to, and that the broker still holds (2.0).
  std::vector<Subscription> lost;
  static constexpr std::size_t kMaxSubscriptions = 256;
  std::uint64_t checked_again = 0;  // the SIGHUP, counted, that it was last checked again for
  // Where no tick follows what changes: the snapshot that it was last held against, and whether it is out by it.
  std::uint64_t held_against = 0;
  bool is_out = false;
};

class SessionBoard;

class Sessions {
 public:
  using Client = const ::mosquitto*;
  // Of clients that left: their wills and retained messages are still judged by what they were.
  static constexpr std::size_t kMaxDeparted = 16'384;

  // Told of those who go; may be null.
  void tell(SessionBoard* board) noexcept { board_ = board; }
  // A client of this very id and pointer that is connected.
  Session* find(std::string_view id, Client client) noexcept {
    Recent& recent = recent_of(client);
    if (recent.client == client && recent.changes == changes_ && recent.id == id) return recent.session;
    return look_up(id, client, recent);
  }
  // The one who came last under this id and is connected, whatever his pointer.
  Session* latest(std::string_view id) noexcept;
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [id, entries] : live_)
      for (const Entry& entry : entries) visit(id, entry.client, entry.session);
  }
  // BASIC_AUTH let it in, or handed it on. Takes the place of what this id and pointer had.
  Session& enter(std::string_view id, Client client, Session session);
  // BASIC_AUTH was asked for this id and pointer: a pointer of somebody who left belongs to a new connection now.
  void pointer_taken(std::string_view id, Client client) noexcept;
  // DISCONNECT or CLIENT_OFFLINE; only where both match. Admitted clients are kept as departed. `reloads`: the SIGHUPs
  // so far, for all of which the broker has checked this client, since it does so in one go.
  bool leave(std::string_view id, Client client, std::uint64_t reloads);
  // Refused after all.
  void drop(std::string_view id, Client client);

  // The one who left last under this id; nothing where he was not admitted. `client` null: of whatever pointer.
  const Session* departed(std::string_view id, Client client) const noexcept;
  // Marks one who left as checked again for SIGHUP number `reload`: false where he was so already, or is not known.
  bool check_departed_again(std::string_view id, Client client, std::uint64_t reload) noexcept;

  std::size_t count(Standing standing) const noexcept { return counts_[static_cast<std::size_t>(standing)]; }
  std::size_t departed_count() const noexcept { return departed_.size(); }

 private:
  struct Entry {
    Client client = nullptr;
    Session session;
  };
  struct Departed {
    Client client = nullptr;
    Session session;
    std::uint64_t ticket = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  template <class T>
  using ById = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  // Of one id, at most the one that takes over and those it takes over from.
  static constexpr std::size_t kMaxOfOneId = 4;

  // Where the last answers of find() are: a client that publishes is asked about again and again. Nothing in it counts
  // once somebody came or went.
  struct Recent {
    Client client = nullptr;
    std::uint64_t changes = 0;
    std::string_view id;  // the table's own
    Session* session = nullptr;
  };
  Recent& recent_of(Client client) noexcept {
    const auto bits = reinterpret_cast<std::uintptr_t>(client);
    return recent_[(bits >> 4 ^ bits >> 10) % recent_.size()];
  }
  Session* look_up(std::string_view id, Client client, Recent& recent) noexcept;
  std::optional<Session> take(std::string_view id, Client client);
  void depart(std::string_view id, Client client, Session session);

  ById<std::vector<Entry>> live_;
  ById<Departed> departed_;
  std::deque<std::pair<std::string, std::uint64_t>> departures_;  // oldest first; a ticket that differs is stale
  std::uint64_t next_ticket_ = 1;
  SessionBoard* board_ = nullptr;
  std::array<std::size_t, kStandings> counts_{};
  std::uint64_t changes_ = 1;
  std::array<Recent, 128> recent_{};
};

}  // namespace sallyport::mosquitto
