// Sessions, API tokens, one-time links and activity of ConsoleStore.
#include "store/console_statements.h"

namespace sallyport {
namespace {

ConsoleSession session_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4)};
}
ApiTokenRecord token_of(const Statement& row) {
  return {row.text(0), row.text(1),    row.text(2),    row.text(3),
          row.text(4), row.integer(5), row.integer(6), moment_of(row.integer(7))};
}
ActivityRecord activity_of(const Statement& row) {
  return {row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6), row.text(7)};
}

}  // namespace

Result<void> ConsoleStore::add_session(const ConsoleSession& session) {
  const std::lock_guard lock(mutex_);
  return run("INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5)", [&](Statement& s) {
    s.bind(1, session.digest)
        .bind(2, session.administrator)
        .bind(3, session.csrf)
        .bind(4, session.created_at)
        .bind(5, session.seen_at);
  });
}

Result<std::optional<ConsoleSession>> ConsoleStore::find_session(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  return first_of(rows<ConsoleSession>(
      "SELECT digest, administrator, csrf, created_at, seen_at FROM sessions WHERE digest = ?1",
      [&](Statement& s) { s.bind(1, digest); }, session_of));
}

Result<void> ConsoleStore::saw_session(std::string_view digest, UnixSeconds at) {
  const std::lock_guard lock(mutex_);
  return run("UPDATE sessions SET seen_at = ?2 WHERE digest = ?1",
             [&](Statement& s) { s.bind(1, digest).bind(2, at); });
}

Result<void> ConsoleStore::end_session(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  return run("DELETE FROM sessions WHERE digest = ?1", [&](Statement& s) { s.bind(1, digest); });
}

Result<void> ConsoleStore::end_sessions_of(std::string_view administrator, std::string_view except_digest) {
  const std::lock_guard lock(mutex_);
  return run("DELETE FROM sessions WHERE administrator = ?1 AND digest <> ?2",
             [&](Statement& s) { s.bind(1, administrator).bind(2, except_digest); });
}

Result<std::int64_t> ConsoleStore::count_sessions(std::string_view administrator, UnixSeconds created_after,
                                                  UnixSeconds seen_after) {
  const std::lock_guard lock(mutex_);
  Result<std::vector<std::int64_t>> counted = rows<std::int64_t>(
      "SELECT count(*) FROM sessions WHERE administrator = ?1 AND created_at > ?2 AND seen_at > ?3",
      [&](Statement& s) { s.bind(1, administrator).bind(2, created_after).bind(3, seen_after); },
      [](const Statement& row) { return row.integer(0); });
  if (!counted) return unexpected(counted.error());
  return counted->front();
}

Result<void> ConsoleStore::sweep(UnixSeconds created_before, UnixSeconds seen_before, UnixSeconds now) {
  const std::lock_guard lock(mutex_);
  if (Result<void> done = run("DELETE FROM sessions WHERE created_at < ?1 OR seen_at < ?2",
                              [&](Statement& s) { s.bind(1, created_before).bind(2, seen_before); });
      !done)
    return done;
  return run("DELETE FROM invitations WHERE ends_at <= ?1", [&](Statement& s) { s.bind(1, now); });
}

Result<std::vector<ApiTokenRecord>> ConsoleStore::list_tokens(std::string_view after_id, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  return rows<ApiTokenRecord>(
      "SELECT id, name, role, owner, digest, created_at, ends_at, last_seen_at FROM api_tokens WHERE id > ?1 ORDER BY "
      "id "
      "LIMIT ?2",
      [&](Statement& s) { s.bind(1, after_id).bind(2, static_cast<std::int64_t>(limit)); }, token_of);
}

Result<std::optional<ApiTokenRecord>> ConsoleStore::find_token(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  return first_of(rows<ApiTokenRecord>(
      "SELECT id, name, role, owner, digest, created_at, ends_at, last_seen_at FROM api_tokens WHERE digest = ?1",
      [&](Statement& s) { s.bind(1, digest); }, token_of));
}

Result<void> ConsoleStore::add_token(const ApiTokenRecord& token) {
  const std::lock_guard lock(mutex_);
  return run("INSERT INTO api_tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)", [&](Statement& s) {
    s.bind(1, token.id)
        .bind(2, token.name)
        .bind(3, token.role)
        .bind(4, token.owner)
        .bind(5, token.digest)
        .bind(6, token.created_at)
        .bind(7, token.ends_at);
  });
}

Result<void> ConsoleStore::saw_token(std::string_view id, UnixSeconds at) {
  const std::lock_guard lock(mutex_);
  return run("UPDATE api_tokens SET last_seen_at = ?2 WHERE id = ?1", [&](Statement& s) { s.bind(1, id).bind(2, at); });
}

Result<void> ConsoleStore::remove_token(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (Result<void> done = run("DELETE FROM api_tokens WHERE id = ?1", [&](Statement& s) { s.bind(1, id); }); !done)
    return done;
  const Result<std::int64_t> changed = changed_rows();
  if (!changed) return unexpected(changed.error());
  if (*changed == 0) return unexpected(Error{ErrorKind::kNotFound, "there is no such token", "", ""});
  return {};
}

Result<void> ConsoleStore::put_invitation(const InvitationRecord& invitation) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin_write(*connection_);
  if (!transaction) return unexpected(transaction.error());
  if (Result<void> done = run("DELETE FROM invitations WHERE administrator = ?1",
                              [&](Statement& s) { s.bind(1, invitation.administrator); });
      !done)
    return done;
  if (Result<void> done =
          run("INSERT INTO invitations VALUES (?1, ?2, ?3)",
              [&](Statement& s) {
                s.bind(1, invitation.digest).bind(2, invitation.administrator).bind(3, invitation.ends_at);
              });
      !done)
    return done;
  return transaction->commit();
}

Result<std::optional<InvitationRecord>> ConsoleStore::find_invitation(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  return first_of(rows<InvitationRecord>(
      "SELECT digest, administrator, ends_at FROM invitations WHERE digest = ?1",
      [&](Statement& s) { s.bind(1, digest); },
      [](const Statement& row) {
        return InvitationRecord{row.text(0), row.text(1), row.integer(2)};
      }));
}

Result<bool> ConsoleStore::take_invitation(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  if (Result<void> done = run("DELETE FROM invitations WHERE digest = ?1", [&](Statement& s) { s.bind(1, digest); });
      !done)
    return unexpected(done.error());
  const Result<std::int64_t> changed = changed_rows();
  if (!changed) return unexpected(changed.error());
  return *changed > 0;
}

Result<void> ConsoleStore::add_activity(const ActivityRecord& r) {
  const std::lock_guard lock(mutex_);
  return run(
      "INSERT INTO activity (at, who, address, what, subject, outcome, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      [&](Statement& s) {
        s.bind(1, r.at)
            .bind(2, r.who)
            .bind(3, r.address)
            .bind(4, r.what)
            .bind(5, r.subject)
            .bind(6, r.outcome)
            .bind(7, r.detail);
      });
}

Result<std::vector<ActivityRecord>> ConsoleStore::list_activity(const ActivityQuery& q) {
  const std::lock_guard lock(mutex_);
  return rows<ActivityRecord>(
      "SELECT number, at, who, address, what, subject, outcome, detail FROM activity WHERE (?1 = 0 OR number < ?1) AND "
      "(?2 = '' OR who = ?2) AND (?3 = '' OR instr(lower(what), lower(?3)) > 0) AND at >= ?4 AND (?5 = 0 OR at <= ?5) "
      "ORDER BY number DESC LIMIT ?6",
      [&](Statement& s) {
        s.bind(1, q.before)
            .bind(2, q.who)
            .bind(3, q.what)
            .bind(4, q.from)
            .bind(5, q.to)
            .bind(6, static_cast<std::int64_t>(q.limit));
      },
      activity_of);
}

}  // namespace sallyport
