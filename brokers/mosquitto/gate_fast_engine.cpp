// What the gate does when the fast engine gave a wrong answer.
#include "brokers/mosquitto/gate.h"

namespace sallyport::mosquitto {
namespace {
// Of one tick, so that the broker answers pings between them.
constexpr std::size_t kMostAtOnce = 500;
}  // namespace

// A wrong answer of the fast engine may have let somebody in. Which of them it was cannot be told once a remembered
// token let in others, so that everybody whom it may have let in shows his token again, to OpenSSL; in portions.
void Gate::follow_fast_engine() {
  if (!fast_engine_failed_) {
    if (!host_->engine().fast_engine_was_wrong()) return;
    fast_engine_failed_ = true;
    sessions_.for_each([&](const std::string& id, const ::mosquitto* client, const Session& session) {
      if (session.by_fast_engine && is_ours(session)) doubted_.push_back({0, id, client, session.ticket});
    });
    if (!doubted_.empty())
      host_->engine().log(LogLevel::warning, std::to_string(doubted_.size()) +
                                                 " sessions end, whose tokens the fast engine may have judged");
  }
  for (std::size_t i = 0; i < kMostAtOnce && !doubted_.empty(); ++i) {
    const EndTimer::Entry entry = std::move(doubted_.back());
    doubted_.pop_back();
    const Session* session = sessions_.find(entry.id, entry.client);
    if (!session || session->ticket != entry.ticket) continue;
    note_end(*session, entry.id, Reason::session_ended);
    send_away(entry.id, entry.client, entry.ticket);
  }
}

}  // namespace sallyport::mosquitto
