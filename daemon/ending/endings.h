// Endings: every connection that is to end before its client wants it, where the HTTP
// contract cannot do it: at exp, on a revocation, when the user is gone. Hands each to
// the brokers of its contract.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/ending/broker_ender.h"
#include "daemon/ending/end_schedule.h"

namespace sallyport::daemon {

// What is known of a client now: whether he may be here, and until when; why not.
struct Standing {
  bool may_stay = false;
  std::optional<UnixSeconds> ends_at;
  EndCause cause = EndCause::expired;
};

class Endings {
 public:
  // The last: whether there is time to ask other nodes too.
  using Ask = std::function<Standing(Contract, const ClientName&, bool)>;
  // `standing` is asked by several threads, and never by one that decides.
  Endings(Ask standing, std::function<UnixSeconds()> now, std::size_t capacity,
          std::function<void(LogLevel, std::string_view)> log);
  ~Endings();
  // Ends the threads; nobody is ended after this.
  void stop();

  // Reads passwords, starts a thread a broker; ends of those that were there before and are no more are forgotten.
  std::vector<Error> set_brokers(const std::vector<BrokerSetting>& brokers);

  // Somebody was let in. Any thread; does not wait.
  void admitted(Contract contract, const ClientName& client, std::optional<UnixSeconds> ends_at);
  // Somebody is to go now, whatever his time.
  void end_now(Contract contract, const ClientName& client, EndCause cause);
  // Hands on who is due, and of those who were let in, a part at a time, who is out before his time. Call it a few
  // times a second, from one thread.
  void tick();
  // Something has changed that may put somebody out: everybody is looked at again.
  void look_at_all() { left_to_look_at_ = EndSchedule::kShards; }

  // For `status`: one pair a broker.
  std::vector<std::pair<std::string, std::string>> report() const;
  // For health: what needs a person.
  std::vector<std::string> degraded() const;
  void append_to(std::string& metrics) const;

 private:
  using Enders = std::vector<std::shared_ptr<BrokerEnder>>;
  std::shared_ptr<const Enders> enders() const;
  bool any_for(Contract contract) const noexcept {
    return kinds_.load(std::memory_order_relaxed) >> static_cast<unsigned>(contract) & 1;
  }

  void end(EndedClient client);
  void look_at_a_part();

  Ask standing_;
  std::function<UnixSeconds()> now_;
  std::function<void(LogLevel, std::string_view)> log_;
  EndSchedule schedule_;
  std::atomic<unsigned> kinds_{0};  // bits of contracts whose broker has an API
  std::atomic<std::uint64_t> unscheduled_{0};
  std::size_t left_to_look_at_ = 0;  // shards
  mutable std::mutex mutex_;
  std::shared_ptr<const Enders> enders_;
};

}  // namespace sallyport::daemon
