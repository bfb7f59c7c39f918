// Gate: who must go: revoked, blocked, or ended by an operator. Sessions are looked at in
// portions from the tick, so that the broker answers others between them.
#include <algorithm>

#include "brokers/mosquitto/gate.h"

namespace sallyport::mosquitto {
namespace {

// Each costs some hundred nanoseconds.
constexpr std::size_t kMostHeldAgainstATick = 20'000;
constexpr std::size_t kMostSentAwayATick = 500;

}  // namespace

// A block is for clients that others let in, too: a mad device is to be stopped, whatever it shows. Not while the gate
// observes.
std::optional<BarHit> Gate::bar_of(const Session& session, std::string_view id, const BarList& bars,
                                   UnixSeconds now) const {
  if (!is_ours(session) && !acl_registered_) return std::nullopt;
  if (auto hit = bars.find_client(id, session.username, session.address, now)) return hit;
  if (!is_ours(session)) return std::nullopt;
  if (session.principal_verified)
    if (auto hit = bars.find_username(session.principal, now)) return hit;
  return bars.find_token(session.marks, now);
}

// Asked with each question of a client where the broker does not tick, so that nothing follows what changes.
bool Gate::is_out(Session& session, std::string_view id) {
  tell_of_no_tick();
  const GateSnapshot& now = decider_.current();
  if (session.held_against == now.generation) return session.is_out;
  session.held_against = now.generation;
  if (session.is_out) return true;
  if (const auto hit = bar_of(session, id, *now.bars, host_->engine().clock().unix_seconds())) {
    session.is_out = true;
    note_bar(session, id, *hit);
  } else if (is_ours(session) && session.authenticator == Authenticator::password && now.users &&
             !still_good(session, *now.users)) {
    session.is_out = true;
    note_end(session, id, Reason::session_ended);
  }
  return session.is_out;
}

void Gate::watch_for_bars(std::string_view id, const ::mosquitto* client, const Session& session) {
  const std::size_t living =
      sessions_.count(Standing::admitted) + sessions_.count(Standing::handed_on) + sessions_.count(Standing::not_ours);
  if (watched_.size() > 2 * living + 1024) {
    std::erase_if(watched_, [&](const EndTimer::Entry& e) {
      const Session* still = sessions_.find(e.id, e.client);
      return !still || still->ticket != e.ticket;
    });
    bars_next_ = 0;
    if (bars_left_ > 0) bars_left_ = watched_.size();
  }
  watched_.push_back({0, std::string(id), client, session.ticket});
}

// Only where the list is another one. What was passed before the change is passed again: the walk goes round.
void Gate::follow_bars() {
  const std::shared_ptr<const BarList>& now = decider_.current().bars;
  if (now != held_against_) {
    held_against_ = now;
    bars_left_ = now->revocations() + now->blocks() == 0 ? 0 : watched_.size();
  }
  if (bars_left_ == 0) return;
  const UnixSeconds at = host_->engine().clock().unix_seconds();
  struct Out {
    EndTimer::Entry entry;
    BarHit hit;
  };
  std::vector<Out> out;
  for (std::size_t i = 0; i < kMostHeldAgainstATick && out.size() < kMostSentAwayATick && bars_left_ > 0; ++i) {
    if (watched_.empty()) {
      bars_left_ = 0;
      break;
    }
    if (bars_next_ >= watched_.size()) bars_next_ = 0;
    --bars_left_;
    EndTimer::Entry& entry = watched_[bars_next_];
    const Session* session = sessions_.find(entry.id, entry.client);
    const bool known = session && session->ticket == entry.ticket;
    const std::optional<BarHit> hit = known ? bar_of(*session, entry.id, *held_against_, at) : std::nullopt;
    if (known && !hit) {
      ++bars_next_;
      continue;
    }
    if (hit) out.push_back({std::move(entry), *hit});
    if (&entry != &watched_.back()) entry = std::move(watched_.back());
    watched_.pop_back();
  }
  // The words why are the list's: it is held here until they are written.
  const std::shared_ptr<const BarList> list = held_against_;
  for (const Out& one : out) {
    if (const Session* session = sessions_.find(one.entry.id, one.entry.client))
      note_bar(*session, one.entry.id, one.hit);
    send_away(one.entry.id, one.entry.client, one.entry.ticket);
  }
}

void Gate::note_bar(const Session& session, std::string_view id, const BarHit& hit) {
  const bool revoked = class_of(hit.kind) == BarClass::revocation;
  ClientNote note = note_of(session, id, revoked ? Reason::revoked : Reason::blocked);
  note.step = revoked ? StepKind::revocation_checked : StepKind::block_checked;
  note.subject = hit.why;
  note.number = hit.id;
  note.expires_at = session.expires_at;
  note.ended = true;
  host_->engine().metrics().ended_sessions.fetch_add(1, std::memory_order_relaxed);
  host_->engine().note(note);
}

void Gate::follow_orders() {
  if (const auto order = host_->orders().newer_than(order_done_)) {
    order_done_ = order->number;
    std::size_t sessions = 0;
    for (const EndTimer::Entry& entry : watched_) {
      const Session* session = sessions_.find(entry.id, entry.client);
      if (!session || session->ticket != entry.ticket || !is_ours(*session)) continue;
      const SessionFacts facts{entry.id,         session->username,      session->principal,
                               session->address, session->authenticator, &session->marks};
      if (!order->what.where.matches(facts)) continue;
      ++sessions;
      if (order->what.end) leaving_.push_back(entry);
    }
    if (order->what.end) {
      leaving_a_second_ = order->what.a_second;
      left_until_ms_ = host_->engine().clock().monotonic_ms();
      host_->engine().log(LogLevel::notice, "an operator ends " + std::to_string(sessions) + " sessions, " +
                                                std::to_string(leaving_a_second_) + " a second");
    }
    host_->orders().answer(order->number, sessions);
  }
  if (!leaving_.empty()) let_some_leave();
}

// As many as the pace allows since the last ones.
void Gate::let_some_leave() {
  const std::int64_t now = host_->engine().clock().monotonic_ms();
  const auto pace = static_cast<std::int64_t>(leaving_a_second_);
  // An idle broker ticks ten times a second: the first ones need not wait.
  std::int64_t due = (now - left_until_ms_) * pace / 1000 + (leaving_first_ ? 1 : 0);
  due = std::min<std::int64_t>({due, static_cast<std::int64_t>(kMostSentAwayATick), std::int64_t(leaving_.size())});
  if (due <= 0) return;
  leaving_first_ = false;
  left_until_ms_ = now;
  std::vector<EndTimer::Entry> out(std::make_move_iterator(leaving_.end() - due),
                                   std::make_move_iterator(leaving_.end()));
  leaving_.erase(leaving_.end() - due, leaving_.end());
  if (leaving_.empty()) leaving_first_ = true;
  for (const EndTimer::Entry& entry : out) {
    const Session* session = sessions_.find(entry.id, entry.client);
    if (!session || session->ticket != entry.ticket) continue;
    note_end(*session, entry.id, Reason::ended_by_operator);
    send_away(entry.id, entry.client, entry.ticket);
  }
}

// Whoever uses the token of a session that is over is no second one, unless a newer connection of this client has it.
void Gate::let_token_go(std::string_view id, const TokenMarks& marks) {
  if (!marks.of_token) return;
  const Session* latest = sessions_.latest(id);
  if (latest && latest->marks.token == marks.token) return;
  host_->engine().token_gone(marks, id);
}

bool Gate::leave(std::string_view id, const ::mosquitto* client) {
  const Session* session = sessions_.find(id, client);
  if (!session) return false;
  const TokenMarks marks = session->marks;
  if (!sessions_.leave(id, client, reloads_)) return false;
  let_token_go(id, marks);
  return true;
}

}  // namespace sallyport::mosquitto
