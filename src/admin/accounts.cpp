#include "admin/accounts.h"

#include <algorithm>

#include "base/secret.h"
#include "codec/base64url.h"
#include "codec/utf8.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

constexpr std::string_view kTokenPrefix = "spt_";
constexpr UnixSeconds kSeenEvery = 60;  // how exactly "last seen" is kept

std::string new_secret() { return encode_base64url(random_bytes(32)); }
// A random secret of 256 bits needs no slow hash.
std::string digest_of(std::string_view secret) { return encode_hex(sha256(secret)); }

Problem wrong_credentials() {
  return problem(401, "wrong_credentials", "the name or the password is wrong",
                 "whoever administers the gate can make a new one-time link");
}
Problem slow_down(std::int64_t seconds) {
  Problem p = problem(429, "slow_down", "too many wrong passwords lately",
                      "wait " + std::to_string(seconds) + " s and try again");
  p.retry_after = seconds;
  return p;
}
Problem dead_link() {
  return problem(401, "wrong_credentials", "this link was used already, or has ended",
                 "whoever administers the gate can make a new one");
}

// Whoever asks is a stranger still: what the store said is not his.
Problem nobody_can_say() {
  return problem(503, "unavailable", "who asks cannot be looked up: the store does not answer",
                 "try again; a session that was good is good again with the store");
}

// NIST SP 800-63B 5.1.1: length, and nothing that a list of guesses begins with.
std::optional<Problem> refuse_password(std::string_view password, std::string_view name, std::string_view field) {
  const auto refuse = [&](std::string cause, std::string hint) {
    return problem(422, "invalid", std::move(cause), std::move(hint), std::string(field));
  };
  if (password.size() < Accounts::kLeastPassword)
    return refuse("the password has fewer than 12 characters", "a sentence of four or five words is easy to keep");
  if (password.size() > Accounts::kMostPassword) return refuse("the password has more than 1024 bytes", "");
  if (std::string why = weakness(password); !why.empty()) return refuse("the password is weak: " + why, "");
  if (!name.empty() && password.find(name) != std::string_view::npos && name.size() * 2 >= password.size())
    return refuse("the password is mostly the name", "");
  return std::nullopt;
}

}  // namespace

std::optional<Problem> fault_of_name(std::string_view name) {
  const auto refuse = [&](std::string cause) { return problem(422, "invalid", std::move(cause), "", "name"); };
  if (name.empty() || name.size() > 128) return refuse("a name has 1 to 128 characters");
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return refuse("the name has a control character in it");
  if (name.front() == ' ' || name.back() == ' ') return refuse("the name begins or ends with a space");
  return std::nullopt;
}

Result<std::optional<Caller>, Problem> Accounts::by_cookie(std::string_view cookie) {
  const std::optional<Caller> nobody;
  if (cookie.empty() || cookie.size() > 128) return nobody;
  const std::string digest = digest_of(cookie);
  const Result<std::optional<ConsoleSession>> session = store_.find_session(digest);
  if (!session) return unexpected(nobody_can_say());
  if (!*session) return nobody;
  const UnixSeconds now = clock_.unix_seconds();
  const ConsoleSession& s = **session;
  if (now >= s.created_at + kSessionLife || now >= s.seen_at + kIdle) {
    (void)store_.end_session(digest);
    return nobody;
  }
  const Result<std::optional<AdministratorRecord>> found = store_.find_administrator(s.administrator);
  if (!found) return unexpected(nobody_can_say());
  if (!*found || !(*found)->enabled) return nobody;
  const std::optional<Role> role = role_from_name((*found)->role);
  if (!role) return nobody;
  if (now >= s.seen_at + kSeenEvery) {
    (void)store_.saw_session(digest, now);
    (void)store_.saw_administrator(s.administrator, now);
  }
  Caller caller{Caller::Kind::session, s.administrator, s.administrator, *role, s.csrf, digest, 0, 0, ""};
  caller.ends_at = s.created_at + kSessionLife;
  caller.idle_ends_at = std::min(now + kIdle, caller.ends_at);
  return std::optional<Caller>(std::move(caller));
}

Result<std::optional<Caller>, Problem> Accounts::by_token(std::string_view token) {
  const std::optional<Caller> nobody;
  if (!token.starts_with(kTokenPrefix) || token.size() > 128) return nobody;
  const std::string digest = digest_of(token);
  const Result<std::optional<ApiTokenRecord>> found = store_.find_token(digest);
  if (!found) return unexpected(nobody_can_say());
  if (!*found) return nobody;
  const ApiTokenRecord& t = **found;
  const UnixSeconds now = clock_.unix_seconds();
  if (now >= t.ends_at) return nobody;
  const Result<std::optional<AdministratorRecord>> owner = store_.find_administrator(t.owner);
  if (!owner) return unexpected(nobody_can_say());
  if (!*owner || !(*owner)->enabled) return nobody;
  const std::optional<Role> role = role_from_name(t.role), most = role_from_name((*owner)->role);
  if (!role || !most) return nobody;
  if (!t.last_seen_at || now >= *t.last_seen_at + kSeenEvery) (void)store_.saw_token(t.id, now);
  // A token never outgrows the one who made it.
  return std::optional<Caller>(Caller{Caller::Kind::token, t.owner, "token " + t.name,
                                      covers(*most, *role) ? *role : *most, "", "", t.ends_at, t.ends_at, digest});
}

bool Accounts::stands(const Caller& caller) {
  const UnixSeconds now = clock_.unix_seconds();
  switch (caller.kind) {
    case Caller::Kind::stranger:
      return false;
    case Caller::Kind::session: {
      const auto session = store_.find_session(caller.session_digest);
      if (!session || !*session) return false;
      if (now >= (*session)->created_at + kSessionLife || now >= (*session)->seen_at + kIdle) return false;
      break;
    }
    case Caller::Kind::token: {
      const auto token = store_.find_token(caller.token_digest);
      if (!token || !*token || now >= (*token)->ends_at) return false;
      break;
    }
  }
  const auto owner = store_.find_administrator(caller.name);
  return owner && *owner && (*owner)->enabled;
}

bool Accounts::password_is_right(std::string_view hash, std::string_view password) {
  const std::lock_guard lock(hashing_);
  // Whoever has no password costs the same time, so that names cannot be told by it.
  static const std::string nobody = hash_password(new_secret(), HashProfile::strong).value_or(std::string());
  const bool right = verify_password(hash.empty() ? std::string_view(nobody) : hash, password);
  return right && !hash.empty();
}

Result<SignedIn, Problem> Accounts::sign_in(std::string_view name, std::string_view password,
                                            std::string_view address) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (const std::int64_t seconds = delay_.wait(name, address, now_ms)) return unexpected(slow_down(seconds));
  const Result<std::optional<AdministratorRecord>> found = store_.find_administrator(name);
  if (!found) return unexpected(problem_of(found.error()));
  const bool known = *found && (*found)->enabled;
  if (!password_is_right(known ? std::string_view((*found)->hash) : std::string_view(), password)) {
    delay_.failed(name, address, clock_.monotonic_ms());
    return unexpected(wrong_credentials());
  }
  delay_.succeeded(name, address);
  return begin_session(**found);
}

Result<SignedIn, Problem> Accounts::begin_session(const AdministratorRecord& administrator) {
  const UnixSeconds now = clock_.unix_seconds();
  SignedIn out;
  out.cookie = new_secret();
  ConsoleSession session{digest_of(out.cookie), administrator.name, encode_hex(random_bytes(16)), now, now};
  if (Result<void> kept = store_.add_session(session); !kept) return unexpected(problem_of(kept.error()));
  (void)store_.saw_administrator(administrator.name, now);
  out.caller = {Caller::Kind::session,
                administrator.name,
                administrator.name,
                role_from_name(administrator.role).value_or(Role::viewer),
                session.csrf,
                session.digest,
                now + kSessionLife,
                now + kIdle,
                ""};
  return out;
}

Result<SignedIn, Problem> Accounts::use_invitation(std::string_view secret, std::string_view name,
                                                   std::string_view password, std::string_view address) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (const std::int64_t seconds = delay_.wait({}, address, now_ms)) return unexpected(slow_down(seconds));
  const std::string digest = digest_of(secret);
  const Result<std::optional<InvitationRecord>> found = store_.find_invitation(digest);
  if (!found) return unexpected(problem_of(found.error()));
  if (!*found || clock_.unix_seconds() >= (*found)->ends_at) {
    delay_.failed({}, address, now_ms);
    return unexpected(dead_link());
  }
  const bool first = (*found)->administrator.empty();
  // Each node has such a link until somebody is there: the others lead nowhere from then on.
  if (first && !first_is_missing()) return unexpected(dead_link());
  const std::string who = first ? std::string(name) : (*found)->administrator;
  if (const auto refused = fault_of_name(who)) return unexpected(*refused);
  if (const auto refused = refuse_password(password, who, "password")) return unexpected(*refused);
  Result<std::string> hash = [&] {
    const std::lock_guard lock(hashing_);
    return hash_password(password, HashProfile::strong);
  }();
  if (!hash) return unexpected(problem_of(hash.error()));
  const Result<bool> taken = store_.take_invitation(digest);
  if (!taken) return unexpected(problem_of(taken.error()));
  if (!*taken) return unexpected(dead_link());
  if (first) {
    AdministratorRecord record{
        who, std::string(sallyport::name(Role::administrator)), true, *hash, clock_.unix_seconds(), std::nullopt, 1};
    if (Result<void> added = store_.add_administrator(record); !added) return unexpected(problem_of(added.error()));
    return begin_session(record);
  }
  Result<std::optional<AdministratorRecord>> record = store_.find_administrator(who);
  if (!record) return unexpected(problem_of(record.error()));
  if (!*record || !(*record)->enabled) return unexpected(dead_link());
  (*record)->hash = *hash;
  const Result<AdministratorRecord> changed = store_.change_administrator(**record, false);
  if (!changed) return unexpected(problem_of(changed.error()));
  // Whoever knew the old password is out.
  (void)store_.end_sessions_of(who, {});
  return begin_session(*changed);
}

Result<SignedIn, Problem> Accounts::set_own_password(const Caller& caller, std::string_view old, std::string_view fresh,
                                                     std::string_view address) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (const std::int64_t seconds = delay_.wait(caller.name, address, now_ms)) return unexpected(slow_down(seconds));
  Result<std::optional<AdministratorRecord>> found = store_.find_administrator(caller.name);
  if (!found) return unexpected(problem_of(found.error()));
  if (!*found || !password_is_right((*found)->hash, old)) {
    delay_.failed(caller.name, address, clock_.monotonic_ms());
    // Not 401: whoever asks is signed in, and stays so.
    return unexpected(problem(422, "invalid", "the old password is wrong", "", "old"));
  }
  if (const auto refused = refuse_password(fresh, caller.name, "new")) return unexpected(*refused);
  Result<std::string> hash = [&] {
    const std::lock_guard lock(hashing_);
    return hash_password(fresh, HashProfile::strong);
  }();
  if (!hash) return unexpected(problem_of(hash.error()));
  (*found)->hash = *hash;
  const Result<AdministratorRecord> changed = store_.change_administrator(**found, false);
  if (!changed) return unexpected(problem_of(changed.error()));
  if (Result<void> ended = store_.end_sessions_of(caller.name, {}); !ended)
    return unexpected(problem_of(ended.error()));
  return begin_session(*changed);
}

void Accounts::sign_out(const Caller& caller) {
  if (!caller.session_digest.empty()) (void)store_.end_session(caller.session_digest);
}

void Accounts::end_session_of(std::string_view cookie) {
  if (!cookie.empty() && cookie.size() <= 128) (void)store_.end_session(digest_of(cookie));
}

bool Accounts::first_is_missing() {
  const Result<std::int64_t> there = store_.count_with_password();
  return there && *there == 0;
}

Result<NewInvitation> Accounts::invite(std::string_view administrator) {
  NewInvitation out{new_secret(), clock_.unix_seconds() + kInvitationLife};
  if (Result<void> kept = store_.put_invitation({digest_of(out.secret), std::string(administrator), out.ends_at});
      !kept)
    return unexpected(kept.error());
  return out;
}

Result<Accounts::MadeToken> Accounts::make_token(std::string_view name, Role role, std::string_view owner,
                                                 UnixSeconds ends_at) {
  MadeToken out;
  out.token = std::string(kTokenPrefix) + new_secret();
  out.record = {encode_hex(random_bytes(8)),
                std::string(name),
                std::string(sallyport::name(role)),
                std::string(owner),
                digest_of(out.token),
                clock_.unix_seconds(),
                ends_at,
                std::nullopt};
  if (Result<void> kept = store_.add_token(out.record); !kept) return unexpected(kept.error());
  return out;
}

std::int64_t Accounts::sessions_of(std::string_view name) {
  const UnixSeconds now = clock_.unix_seconds();
  return store_.count_sessions(name, now - kSessionLife, now - kIdle).value_or(0);
}

void Accounts::sweep() {
  const UnixSeconds now = clock_.unix_seconds();
  (void)store_.sweep(now - kSessionLife, now - kIdle, now);
}

}  // namespace sallyport
