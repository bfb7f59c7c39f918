#include "admin/process_watch.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/start_thread.h"
#include "control/client.h"
#include "control/key_report.h"
#include "control/report.h"

namespace sallyport {
namespace {

using nlohmann::json;
constexpr auto kPeriod = std::chrono::seconds(2);
constexpr int kAskMs = 2'000;

std::string_view label_of(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(std::string(name) + "=\"");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + name.size() + 2);
  return rest.substr(0, rest.find('"'));
}

std::int64_t number_member(const json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end()) return 0;
  if (it->is_number_integer()) return it->get<std::int64_t>();
  std::int64_t value = 0;
  if (it->is_string()) {
    const std::string text = it->get<std::string>();
    std::from_chars(text.data(), text.data() + text.size(), value);
  }
  return value;
}

}  // namespace

ByVerdict DecisionCounts::totals() const {
  ByVerdict out{};
  for (std::size_t v = 0; v < by.size(); ++v)
    for (const auto& authenticator : by[v])
      for (const std::uint64_t n : authenticator) out[v] += n;
  return out;
}

DecisionCounts read_decision_counts(std::string_view page) {
  DecisionCounts out;
  constexpr std::string_view begin = "sallyport_decisions_total{";
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(page.size(), line.size() + 1));
    const std::size_t space = line.rfind(' ');
    if (line.starts_with("sallyport_decision_seconds_total{"))
      for (std::size_t a = 0; a < 3; ++a)
        if (name(static_cast<Authenticator>(a)) == label_of(line, "authenticator"))
          out.seconds[a] = std::strtod(std::string(line.substr(space + 1)).c_str(), nullptr);
    if (!line.starts_with(begin)) continue;
    std::uint64_t n = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), n);
    for (std::size_t v = 0; v < 4; ++v)
      for (std::size_t a = 0; a < 3; ++a)
        if (name(static_cast<Verdict>(v)) == label_of(line, "verdict") &&
            name(static_cast<Authenticator>(a)) == label_of(line, "authenticator"))
          for (std::size_t r = 0; r < kReasonCount; ++r)
            if (name(static_cast<Reason>(r)) == label_of(line, "reason")) out.by[v][a][r] = n;
  }
  return out;
}

ProcessWatch::ProcessWatch(Engine& engine, std::vector<std::string> broker_sockets)
    : engine_(engine), sockets_(std::move(broker_sockets)) {}

Result<void> ProcessWatch::start() {
  Result<std::thread> started = start_thread([this] { run(); });
  if (!started) return unexpected(started.error());
  thread_ = std::move(*started);
  return {};
}

ProcessWatch::~ProcessWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string ProcessWatch::broker_name(std::size_t index) const {
  // "/run/sallyport/control.sock" says nothing where there is one; the folder tells several apart.
  return sockets_.size() == 1 ? "broker" : "broker " + std::to_string(index + 1);
}

Result<json> ProcessWatch::ask_broker(std::size_t index, const json& request) const {
  return control::ControlClient(sockets_[index], kAskMs).ask(request);
}

ProcessState ProcessWatch::look_at_broker(std::size_t index) const {
  ProcessState out;
  out.name = broker_name(index);
  out.kind = "broker";
  Result<json> status = ask_broker(index, {{"verb", "status"}});
  if (!status) {
    out.cause = status.error().cause;
    return out;
  }
  Result<json> metrics = ask_broker(index, {{"verb", "metrics"}});
  if (!metrics) {
    out.cause = metrics.error().cause;
    return out;
  }
  out.answers = true;
  out.status = std::move(*status);
  if (metrics->contains("text") && (*metrics)["text"].is_string())
    out.counts = read_decision_counts((*metrics)["text"].get<std::string>());
  if (const auto host = out.status.find("host"); host != out.status.end() && host->is_object())
    out.sessions =
        number_member(*host, "admitted") + number_member(*host, "handed_on") + number_member(*host, "not_ours");
  return out;
}

ProcessState ProcessWatch::look_at_self() const {
  ProcessState out;
  out.name = "sallyportd";
  out.kind = "daemon";
  out.answers = true;
  out.status = control::to_json(engine_.status());
  out.counts = read_decision_counts(engine_.metrics_text());
  return out;
}

void ProcessWatch::look() {
  std::vector<ProcessState> now;
  now.push_back(look_at_self());
  for (std::size_t i = 0; i < sockets_.size(); ++i) now.push_back(look_at_broker(i));
  const UnixSeconds at = engine_.clock().unix_seconds();
  const std::lock_guard lock(mutex_);
  bool same = now.size() == states_.size();
  for (std::size_t i = 0; same && i < now.size(); ++i)
    same = now[i].answers == states_[i].answers && now[i].sessions == states_[i].sessions &&
           now[i].counts.by == states_[i].counts.by &&
           now[i].status.value("health", json()) == states_[i].status.value("health", json());
  if (!same) news_.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < now.size(); ++i) {
    const bool known = i < states_.size() && states_[i].answers && states_[i].started_at != 0;
    const ByVerdict before = known ? states_[i].counts.totals() : ByVerdict{}, after = now[i].counts.totals();
    bool restarted = false;
    for (std::size_t v = 0; v < 4; ++v) restarted = restarted || after[v] < before[v];
    now[i].started_at = !now[i].answers ? 0 : (known && !restarted ? states_[i].started_at : at);
  }
  add_to_hour(now);
  states_ = std::move(now);
}

void ProcessWatch::look_at_keys() {
  std::vector<std::pair<std::string, json>> reports{{"sallyportd", control::keys_report(engine_)}};
  for (std::size_t i = 0; i < sockets_.size(); ++i)
    if (Result<json> answer = ask_broker(i, {{"verb", "keys"}}))
      reports.emplace_back(broker_name(i), std::move(*answer));
  const UnixSeconds at = engine_.clock().unix_seconds();
  const std::lock_guard lock(mutex_);
  for (const auto& [process, report] : reports) keys_.look(process, report, at);
}

std::vector<KeyChange> ProcessWatch::key_changes() const {
  const std::lock_guard lock(mutex_);
  return {keys_.changes().rbegin(), keys_.changes().rend()};
}

// What came since the last look. Under mutex_.
void ProcessWatch::add_to_hour(const std::vector<ProcessState>& now) {
  const UnixSeconds at = engine_.clock().unix_seconds() / HourSeries::kStep * HourSeries::kStep;
  if (steps_.empty() || steps_.back().at != at) {
    steps_.push_back({});
    steps_.back().at = at;
    std::erase_if(steps_, [&](const Step& s) {
      return s.at <= at - static_cast<std::int64_t>(HourSeries::kSteps) * HourSeries::kStep;
    });
  }
  Step& step = steps_.back();
  step.sessions = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    step.sessions += now[i].sessions;
    if (!now[i].answers) continue;
    // Of a process that was not known, or that restarted, nothing is known of when its counts came.
    if (i >= states_.size() || !states_[i].answers) continue;
    for (std::size_t v = 0; v < 4; ++v)
      for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t r = 0; r < kReasonCount; ++r) {
          const std::uint64_t before = states_[i].counts.by[v][a][r], after = now[i].counts.by[v][a][r];
          if (after <= before) continue;
          step.decisions[v] += after - before;
          if (v == static_cast<std::size_t>(Verdict::deny) || v == static_cast<std::size_t>(Verdict::unavailable))
            step.refused[static_cast<Reason>(r)] += after - before;
        }
  }
}

void ProcessWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    look();
    look_at_keys();
    lock.lock();
    wake_.wait_for(lock, kPeriod, [this] { return stop_; });
  }
}

std::vector<ProcessState> ProcessWatch::processes() const {
  const std::lock_guard lock(mutex_);
  return states_;
}

HourSeries ProcessWatch::series() const {
  HourSeries out;
  const UnixSeconds now = engine_.clock().unix_seconds() / HourSeries::kStep * HourSeries::kStep;
  out.from = now - (static_cast<std::int64_t>(HourSeries::kSteps) - 1) * HourSeries::kStep;
  out.decisions.resize(HourSeries::kSteps);
  out.sessions.resize(HourSeries::kSteps);
  const std::lock_guard lock(mutex_);
  for (const Step& step : steps_) {
    if (step.at < out.from || step.at > now) continue;
    const auto index = static_cast<std::size_t>((step.at - out.from) / HourSeries::kStep);
    out.decisions[index] = step.decisions;
    out.sessions[index] = step.sessions;
    for (const auto& [reason, n] : step.refused) out.refused[std::string(name(reason))] += n;
    if (step.at == now - HourSeries::kStep)
      for (std::size_t v = 0; v < 4; ++v)
        out.rates[v] = static_cast<double>(step.decisions[v]) / static_cast<double>(HourSeries::kStep);
  }
  return out;
}

}  // namespace sallyport
