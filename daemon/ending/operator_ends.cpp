#include "daemon/ending/operator_ends.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "daemon/ending/client_key.h"
#include "daemon/house.h"

namespace sallyport::daemon {
namespace {

bool fits(const SessionQuery& where, const ClientName& who, const Admission& admission) {
  TokenMarks marks = admission.names.marks();
  marks.key = admission.key;
  SessionFacts facts;
  facts.client_id = who.client_id;
  facts.username = who.username;
  facts.principal = admission.names.of_token ? std::string_view(admission.names.principal) : who.username;
  facts.authenticator = admission.authenticator;
  facts.marks = &marks;
  return where.matches(facts);
}

}  // namespace

Result<std::size_t> OperatorEnds::give(const control::SessionOrder& order) {
  if (order.where.asks_for_address())
    return unexpected(invalid("the daemon does not keep the addresses of those whom it let in",
                              "name them by client_id, username or principal; block add --address keeps one out"));
  std::size_t found = 0;
  std::deque<Waiting> mean;
  const auto where = std::make_shared<const SessionQuery>(order.where);
  house_.admissions.visit(house_.engine.clock().unix_seconds(),
                          [&](std::string_view client, const Admission& admission) {
                            if (!fits(*where, read_client_key(client).name, admission)) return;
                            ++found;
                            if (order.end) mean.push_back({std::string(client), where});
                          });
  if (!order.end) return found;
  house_.engine.log(LogLevel::notice, fmt::format("an operator ends {} sessions, {} a second", found, order.a_second));
  const std::lock_guard lock(mutex_);
  // The first goes at once.
  const std::int64_t pace_ms = 1000 / static_cast<std::int64_t>(order.a_second);
  if (waiting_.empty()) gone_until_ms_ = house_.engine.clock().monotonic_ms() - pace_ms;
  a_second_ = order.a_second;
  std::move(mean.begin(), mean.end(), std::back_inserter(waiting_));
  return found;
}

void OperatorEnds::tick() {
  std::vector<Waiting> due;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return;
    const std::int64_t now = house_.engine.clock().monotonic_ms();
    const auto most = static_cast<std::size_t>((now - gone_until_ms_) * static_cast<std::int64_t>(a_second_) / 1000);
    if (most == 0) return;
    gone_until_ms_ = now;
    for (std::size_t left = std::min(most, waiting_.size()); left > 0; --left) {
      due.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  }
  for (const Waiting& one : due) end(one);
}

// Out of the table, and of the store of all nodes, as somebody whose time is over: what is asked about him from now on
// is answered so, until he is let in anew.
void OperatorEnds::end(const Waiting& one) {
  const ClientOfKey who = read_client_key(one.client);
  const UnixSeconds now = house_.engine.clock().unix_seconds();
  std::string key = Admissions::key_of(who.contract, who.name);
  const std::optional<Admission> here = house_.admissions.find(key, now);
  // He may have come again meanwhile, with what the order does not mean.
  if (!here || !fits(*one.where, who.name, *here)) return;
  Admission over;
  over.authenticator = here->authenticator;
  over.ends_at = now;
  over.at_ms = here->at_ms;
  if (house_.shared) {
    over.at_ms = std::max(house_.shared->now_ms(), here->at_ms);
    house_.shared->offer(key, over);
  }
  house_.admissions.admit(std::move(key), std::move(over));
  house_.endings.end_now(who.contract, who.name, EndCause::by_operator);
  ClientNote note;
  note.reason = Reason::ended_by_operator;
  note.authenticator = here->authenticator;
  note.client_id = who.name.client_id;
  note.username = who.name.username;
  note.step = StepKind::session_over;
  note.number = here->ends_at.value_or(0);
  note.ended = true;
  house_.engine.metrics().ended_sessions.fetch_add(1, std::memory_order_relaxed);
  house_.engine.note(note);
}

}  // namespace sallyport::daemon
