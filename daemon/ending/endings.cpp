#include "daemon/ending/endings.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <system_error>

#include "observe/metrics.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kMostATick = 4096;
constexpr auto kLooksATick = std::chrono::milliseconds(50);
constexpr auto kListServes = std::chrono::seconds(3);

// EMQX and VerneMQ are told the end of a connection when it begins.
bool knows_its_end(Contract contract) { return contract == Contract::emqx || contract == Contract::vernemq; }

// A list of all connections of a broker is long, and serves everybody who is to be ended in the same moment.
AskApi asker(std::shared_ptr<ApiClient> api) {
  struct Memory {
    std::map<std::string, std::pair<std::chrono::steady_clock::time_point, ApiAnswer>> lists;
  };
  return
      [api = std::move(api), memory = std::make_shared<Memory>()](const std::string& method, const std::string& path) {
        using Clock = std::chrono::steady_clock;
        if (method != "GET" || !path.starts_with("/api/connections?")) return api->ask(method, path);
        auto& [at, answer] = memory->lists[path];
        if (answer.status != 200 || Clock::now() - at > kListServes) {
          answer = api->ask(method, path);
          at = Clock::now();
        }
        return answer;
      };
}

}  // namespace

Endings::Endings(Ask standing, std::function<UnixSeconds()> now, std::size_t capacity,
                 std::function<void(LogLevel, std::string_view)> log)
    : standing_(std::move(standing)),
      now_(std::move(now)),
      log_(std::move(log)),
      schedule_(capacity),
      enders_(std::make_shared<const Enders>()) {}

Endings::~Endings() { stop(); }

void Endings::stop() {
  const std::shared_ptr<const Enders> all = enders();
  kinds_.store(0, std::memory_order_relaxed);
  for (const auto& ender : *all) ender->stop();
}

std::shared_ptr<const Endings::Enders> Endings::enders() const {
  const std::lock_guard lock(mutex_);
  return enders_;
}

std::vector<Error> Endings::set_brokers(const std::vector<BrokerSetting>& brokers) {
  std::vector<Error> faults;
  std::vector<BrokerApi> apis;
  for (const BrokerSetting& broker : brokers) {
    Result<BrokerApi> api = open_broker_api(broker);
    if (api)
      apis.push_back(std::move(*api));
    else
      faults.push_back(api.error());
  }
  if (!faults.empty()) return faults;
  const std::shared_ptr<const Enders> old = enders();
  auto made = std::make_shared<Enders>();
  unsigned kinds = 0;
  for (std::size_t i = 0; i < brokers.size(); ++i) {
    if (const auto contract = contract_from_name(brokers[i].kind)) kinds |= 1u << static_cast<unsigned>(*contract);
    // One that nothing changed of goes on with what it is at.
    const auto same = std::find_if(old->begin(), old->end(),
                                   [&](const auto& one) { return one->is_of(brokers[i], apis[i].secret_digest); });
    if (same != old->end()) {
      made->push_back(*same);
      continue;
    }
    BrokerEnderOptions options;
    options.broker = brokers[i];
    options.secret_digest = apis[i].secret_digest;
    options.ask = asker(apis[i].client);
    options.cancel = [api = apis[i].client] { api->cancel(); };
    options.still_due = [this](const EndedClient& client) {
      return !standing_(client.contract, {client.tenant, client.username, client.client_id}, true).may_stay;
    };
    options.log = log_;
    try {
      made->push_back(std::make_shared<BrokerEnder>(std::move(options)));
    } catch (const std::system_error& error) {
      return {{ErrorKind::kUnavailable, fmt::format("no thread for broker {}: {}", brokers[i].name, error.what()),
               "raise the limit of threads (TasksMax, ulimit -u)", "brokers"}};
    }
  }
  {
    const std::lock_guard lock(mutex_);
    enders_ = made;
  }
  kinds_.store(kinds, std::memory_order_relaxed);
  for (const auto& before : *old) {
    if (std::find(made->begin(), made->end(), before) != made->end()) continue;
    const std::vector<EndedClient> waiting = before->stop();
    for (const auto& after : *made)
      if (after->broker().name == before->broker().name)
        for (const EndedClient& client : waiting) after->add(client);
  }
  return faults;
}

void Endings::admitted(Contract contract, const ClientName& client, std::optional<UnixSeconds> ends_at) {
  if (!any_for(contract)) return;
  if (knows_its_end(contract)) ends_at.reset();
  if (!schedule_.note(contract, client, ends_at)) unscheduled_.fetch_add(1, std::memory_order_relaxed);
}

void Endings::end(EndedClient client) {
  const std::string_view kind = name(client.contract);
  for (const auto& ender : *enders())
    if (ender->broker().kind == kind) ender->add(client);
}

void Endings::end_now(Contract contract, const ClientName& client, EndCause cause) {
  if (!any_for(contract)) return;
  schedule_.forget(contract, client);
  end({contract, std::string(client.tenant), std::string(client.username), std::string(client.client_id), cause});
}

void Endings::tick() {
  if (kinds_.load(std::memory_order_relaxed) == 0) return;
  for (EndedClient& client : schedule_.take_due(now_(), kMostATick)) {
    const ClientName who{client.tenant, client.username, client.client_id};
    const Standing now = standing_(client.contract, who, false);
    if (now.may_stay) {
      admitted(client.contract, who, now.ends_at);
      continue;
    }
    client.cause = now.cause;
    end(std::move(client));
  }
  look_at_a_part();
}

void Endings::look_at_a_part() {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  while (left_to_look_at_ > 0 && Clock::now() - begin < kLooksATick) {
    schedule_.visit(--left_to_look_at_, [this](const EndedClient& client) {
      const Standing now = standing_(client.contract, {client.tenant, client.username, client.client_id}, false);
      // Who ran out is due by himself; his broker knows it, or he stands in the schedule.
      if (now.may_stay || now.cause == EndCause::expired) return false;
      EndedClient out = client;
      out.cause = now.cause;
      end(std::move(out));
      return true;
    });
  }
}

std::vector<std::pair<std::string, std::string>> Endings::report() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& ender : *enders()) {
    const BrokerEnder::State s = ender->state();
    std::string text = s.away ? "does not end connections: " + s.cause : std::string("answers");
    if (!s.away && s.ended + s.absent + s.refused == 0) text = "not asked yet";
    out.emplace_back("broker " + ender->broker().name,
                     fmt::format("{}; {} ended, {} waiting", text, s.ended, s.waiting));
  }
  return out;
}

std::vector<std::string> Endings::degraded() const {
  std::vector<std::string> out;
  for (const auto& ender : *enders()) {
    const BrokerEnder::State s = ender->state();
    if (s.away)
      out.push_back(
          fmt::format("broker {} does not end connections: {} wait, {}", ender->broker().name, s.waiting, s.cause));
    if (s.lost)
      out.push_back(fmt::format("broker {}: {} ends were lost for want of room", ender->broker().name, s.lost));
  }
  if (const auto n = unscheduled_.load(std::memory_order_relaxed))
    out.push_back(fmt::format("{} ends were lost for want of room: raise [http] max_admissions", n));
  return out;
}

void Endings::append_to(std::string& page) const {
  const std::shared_ptr<const Enders> all = enders();
  page +=
      "# HELP sallyport_broker_ends_total Connections that a broker was asked to end, by what came of it.\n"
      "# TYPE sallyport_broker_ends_total counter\n";
  std::string waiting =
      "# HELP sallyport_broker_ends_waiting Connections that are still to be ended.\n"
      "# TYPE sallyport_broker_ends_waiting gauge\n";
  std::string away =
      "# HELP sallyport_broker_away 1 while a broker's API does not answer.\n"
      "# TYPE sallyport_broker_away gauge\n";
  for (const auto& ender : *all) {
    const BrokerEnder::State s = ender->state();
    const std::string& broker = ender->broker().name;
    const std::pair<const char*, std::uint64_t> counts[] = {
        {"ended", s.ended}, {"absent", s.absent}, {"refused", s.refused}, {"away", s.away_answers}, {"lost", s.lost}};
    for (const auto& [result, n] : counts)
      page += fmt::format("sallyport_broker_ends_total{{broker=\"{}\",result=\"{}\"}} {}\n", broker, result, n);
    waiting += fmt::format("sallyport_broker_ends_waiting{{broker=\"{}\"}} {}\n", broker, s.waiting);
    away += fmt::format("sallyport_broker_away{{broker=\"{}\"}} {}\n", broker, s.away ? 1 : 0);
  }
  page += waiting + away;
  append_gauge(page, "sallyport_ends_scheduled", "Admitted clients who may have to be ended at a broker.",
               static_cast<double>(schedule_.size()));
}

}  // namespace sallyport::daemon
