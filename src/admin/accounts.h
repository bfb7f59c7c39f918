// Accounts: who administers, and how he proves it: password and session cookie, API
// token, one-time link. Secrets are random, given out once, and known here by their
// digests. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "admin/guess_delay.h"
#include "admin/problem.h"
#include "admin/role.h"
#include "base/clock.h"
#include "store/console_store.h"

namespace sallyport {

// Who asks, once that is known.
struct Caller {
  enum class Kind : std::uint8_t { stranger, session, token } kind = Kind::stranger;
  std::string name;   // of the administrator; of a token: its owner
  std::string shown;  // for activity: "ada", "token ci"
  Role role = Role::none;
  std::string csrf;            // of a session
  std::string session_digest;  // likewise
  UnixSeconds ends_at = 0, idle_ends_at = 0;
  std::string token_digest;  // of a token
};

struct SignedIn {
  Caller caller;
  std::string cookie;  // the session's secret, this once
};

struct NewInvitation {
  std::string secret;
  UnixSeconds ends_at = 0;
};

// Why nobody, and no token, can have this name. A tab or an escape in it would forge a line wherever it is shown.
std::optional<Problem> fault_of_name(std::string_view name);

class Accounts {
 public:
  static constexpr UnixSeconds kSessionLife = 12 * 3600, kIdle = 2 * 3600, kInvitationLife = 24 * 3600;
  static constexpr std::size_t kLeastPassword = 12, kMostPassword = 1024;

  Accounts(ConsoleStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Nothing: this cookie, or token, is nobody's. A Problem: nobody can say, since the store is away.
  Result<std::optional<Caller>, Problem> by_cookie(std::string_view cookie);
  Result<std::optional<Caller>, Problem> by_token(std::string_view token);
  // Whether he could still ask. Unlike a question it does not count as being here: a page that only listens ends too.
  bool stands(const Caller& caller);

  Result<SignedIn, Problem> sign_in(std::string_view name, std::string_view password, std::string_view address);
  // The session that this browser had ends: nobody can have planted the one that follows.
  Result<SignedIn, Problem> use_invitation(std::string_view secret, std::string_view name, std::string_view password,
                                           std::string_view address);
  Result<SignedIn, Problem> set_own_password(const Caller& caller, std::string_view old, std::string_view fresh,
                                             std::string_view address);
  void sign_out(const Caller& caller);
  void end_session_of(std::string_view cookie);

  bool first_is_missing();
  // `administrator` empty: for the first one.
  Result<NewInvitation> invite(std::string_view administrator);
  struct MadeToken {
    ApiTokenRecord record;
    std::string token;
  };
  Result<MadeToken> make_token(std::string_view name, Role role, std::string_view owner, UnixSeconds ends_at);
  std::int64_t sessions_of(std::string_view name);
  void sweep();

  ConsoleStore& store() noexcept { return store_; }
  const Clock& clock() const noexcept { return clock_; }

 private:
  Result<SignedIn, Problem> begin_session(const AdministratorRecord& administrator);
  bool password_is_right(std::string_view hash, std::string_view password);

  ConsoleStore& store_;
  const Clock& clock_;
  GuessDelay delay_;
  std::mutex hashing_;  // 64 MiB each: one at a time, whatever strangers ask
};

}  // namespace sallyport
