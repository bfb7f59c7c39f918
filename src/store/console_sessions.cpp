// Sessions, API tokens, one-time links and activity of ConsoleStore.
#include <fmt/format.h>

#include "store/console_store.h"

namespace sallyport {
namespace {

ConsoleSession session_of(const Row& row) {
  return {text_in(row, 0), text_in(row, 1), text_in(row, 2), number_in(row, 3), number_in(row, 4)};
}
ApiTokenRecord token_of(const Row& row) {
  return {text_in(row, 0), text_in(row, 1),   text_in(row, 2),   text_in(row, 3),
          text_in(row, 4), number_in(row, 5), number_in(row, 6), moment_of(number_in(row, 7))};
}
ActivityRecord activity_of(const Row& row) {
  return {number_in(row, 0), number_in(row, 1), text_in(row, 2), text_in(row, 3),
          text_in(row, 4),   text_in(row, 5),   text_in(row, 6), text_in(row, 7)};
}
constexpr std::string_view kToken = "id, name, role, owner, digest, created_at, ends_at, last_seen_at";

}  // namespace

Result<void> ConsoleStore::add_session(const ConsoleSession& s) {
  const std::lock_guard lock(mutex_);
  return run("INSERT INTO @sessions VALUES (?1, ?2, ?3, ?4, ?5)",
             {s.digest, s.administrator, s.csrf, s.created_at, s.seen_at});
}

Result<std::optional<ConsoleSession>> ConsoleStore::find_session(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  return first_of(
      desk_->rows("SELECT digest, administrator, csrf, created_at, seen_at FROM @sessions WHERE digest = ?1",
                  {std::string(digest)}, session_of));
}

Result<void> ConsoleStore::saw_session(std::string_view digest, UnixSeconds at) {
  const std::lock_guard lock(mutex_);
  return run("UPDATE @sessions SET seen_at = ?2 WHERE digest = ?1", {std::string(digest), at});
}

Result<void> ConsoleStore::end_session(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  return run("DELETE FROM @sessions WHERE digest = ?1", {std::string(digest)});
}

Result<void> ConsoleStore::end_sessions_of(std::string_view administrator, std::string_view except_digest) {
  const std::lock_guard lock(mutex_);
  return run("DELETE FROM @sessions WHERE administrator = ?1 AND digest <> ?2",
             {std::string(administrator), std::string(except_digest)});
}

Result<std::int64_t> ConsoleStore::count_sessions(std::string_view administrator, UnixSeconds created_after,
                                                  UnixSeconds seen_after) {
  const std::lock_guard lock(mutex_);
  return desk_->number("SELECT count(*) FROM @sessions WHERE administrator = ?1 AND created_at > ?2 AND seen_at > ?3",
                       {std::string(administrator), created_after, seen_after});
}

Result<void> ConsoleStore::sweep(UnixSeconds created_before, UnixSeconds seen_before, UnixSeconds now) {
  const std::lock_guard lock(mutex_);
  if (Result<void> done =
          run("DELETE FROM @sessions WHERE created_at < ?1 OR seen_at < ?2", {created_before, seen_before});
      !done)
    return done;
  return run("DELETE FROM @invitations WHERE ends_at <= ?1", {now});
}

Result<std::vector<ApiTokenRecord>> ConsoleStore::list_tokens(std::string_view after_id, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  return desk_->rows(fmt::format("SELECT {} FROM @api_tokens WHERE id > ?1 ORDER BY id LIMIT ?2", kToken),
                     {std::string(after_id), static_cast<std::int64_t>(limit)}, token_of);
}

Result<std::optional<ApiTokenRecord>> ConsoleStore::find_token(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  return first_of(desk_->rows(fmt::format("SELECT {} FROM @api_tokens WHERE digest = ?1", kToken),
                              {std::string(digest)}, token_of));
}

Result<void> ConsoleStore::add_token(const ApiTokenRecord& t) {
  const std::lock_guard lock(mutex_);
  return run("INSERT INTO @api_tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
             {t.id, t.name, t.role, t.owner, t.digest, t.created_at, t.ends_at});
}

Result<void> ConsoleStore::saw_token(std::string_view id, UnixSeconds at) {
  const std::lock_guard lock(mutex_);
  return run("UPDATE @api_tokens SET last_seen_at = ?2 WHERE id = ?1", {std::string(id), at});
}

Result<void> ConsoleStore::remove_token(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const Result<std::int64_t> gone = desk_->run("DELETE FROM @api_tokens WHERE id = ?1", {std::string(id)});
  if (!gone) return unexpected(gone.error());
  if (*gone == 0) return unexpected(Error{ErrorKind::kNotFound, "there is no such token", "", ""});
  return {};
}

Result<void> ConsoleStore::put_invitation(const InvitationRecord& invitation) {
  const std::lock_guard lock(mutex_);
  return desk_->in_one([&]() -> Result<void> {
    if (Result<void> done = run("DELETE FROM @invitations WHERE administrator = ?1 AND administrator <> ''",
                                {invitation.administrator});
        !done)
      return done;
    return run("INSERT INTO @invitations VALUES (?1, ?2, ?3)",
               {invitation.digest, invitation.administrator, invitation.ends_at});
  });
}

Result<std::optional<InvitationRecord>> ConsoleStore::find_invitation(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  return first_of(desk_->rows("SELECT digest, administrator, ends_at FROM @invitations WHERE digest = ?1",
                              {std::string(digest)}, [](const Row& row) {
                                return InvitationRecord{text_in(row, 0), text_in(row, 1), number_in(row, 2)};
                              }));
}

Result<bool> ConsoleStore::take_invitation(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  const Result<std::int64_t> taken = desk_->run("DELETE FROM @invitations WHERE digest = ?1", {std::string(digest)});
  if (!taken) return unexpected(taken.error());
  return *taken > 0;
}

Result<void> ConsoleStore::add_activity(const ActivityRecord& r) {
  const std::lock_guard lock(mutex_);
  return run(
      "INSERT INTO @activity (at, who, address, what, subject, outcome, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      {r.at, r.who, r.address, r.what, r.subject, r.outcome, r.detail});
}

Result<std::vector<ActivityRecord>> ConsoleStore::list_activity(const ActivityQuery& q) {
  const std::lock_guard lock(mutex_);
  return desk_->rows(
      fmt::format("SELECT number, at, who, address, what, subject, outcome, detail FROM @activity WHERE (?1 = 0 OR "
                  "number < ?1) AND (?2 = '' OR who = ?2) AND (?3 = '' OR {}) AND at >= ?4 AND (?5 = 0 OR at <= ?5) "
                  "ORDER BY number DESC LIMIT ?6",
                  desk_->holds("what", "?3", true)),
      {q.before, q.who, q.what, q.from, q.to, static_cast<std::int64_t>(q.limit)}, activity_of);
}

}  // namespace sallyport
