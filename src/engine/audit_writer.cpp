#include "engine/audit_writer.h"

#include <chrono>
#include <utility>

#include "base/start_thread.h"
#include "codec/json.h"
#include "engine/explain.h"

namespace sallyport {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(100);
constexpr std::int64_t kPruneEveryMs = 10'000, kTryAgainMs = 1'000, kSayEveryMs = 60'000;

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

// What each step said, in words of now: a later program need not know this one's steps.
std::string steps_json(const KeptDecision& d) {
  const std::vector<std::string> lines = explain_steps(d.steps, {.show_values = false, .now = d.at});
  std::string out = "[";
  for (std::size_t i = 0; i < d.steps.size(); ++i) {
    const KeptStep& s = d.steps[i];
    if (i) out += ',';
    out += s.passed ? "{\"passed\":true" : "{\"passed\":false";
    append_member(out, "authenticator", name(s.who));
    if (!s.passed) append_member(out, "reason", name(s.reason));
    if (!s.subject.empty()) append_member(out, "subject", s.subject);
    if (s.number) out += ",\"number\":" + std::to_string(s.number);
    append_member(out, "text", i < lines.size() ? lines[i] : "");
    out += '}';
  }
  return out + "]";
}

AuditRow row_of(const KeptDecision& d, const std::string& process) {
  AuditRow out;
  out.process = process;
  out.at = d.at;
  out.client_id = d.client_id;
  out.username = d.username;
  out.address = d.address;
  out.verdict = name(d.verdict);
  out.reason = name(d.reason);
  out.authenticator = name(d.authenticator);
  out.principal = d.principal;
  out.key = d.key;
  out.token = d.token_fingerprint;
  out.expires_at = d.expires_at;
  out.steps = steps_json(d);
  out.facts = d.claims;
  return out;
}

}  // namespace

AuditWriter::AuditWriter(const DecisionRing& ring, const Clock& clock, std::string process,
                         std::function<AuditTarget()> target, Log log)
    : ring_(ring), clock_(clock), process_(std::move(process)), target_(std::move(target)), log_(std::move(log)) {}

Result<void> AuditWriter::start() {
  Result<std::thread> started = start_thread([this] { run(); });
  if (!started) return unexpected(started.error());
  thread_ = std::move(*started);
  return {};
}

void AuditWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void AuditWriter::run() {
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    wake_.wait_for(lock, kPeriod, [this] { return stop_; });
    last = stop_;
    lock.unlock();
    const AuditTarget target = target_();
    if (target.keep <= 0 || target.store_url.empty()) {
      store_.reset();
      seen_ = settled_ = ring_.newest();  // what was decided meanwhile is nobody's loss
    } else {
      // A number is taken before its slot is filled: what was the newest a round ago is whole by now.
      const std::uint64_t newest = ring_.newest();
      write_new(target, last ? newest : settled_, last);
      settled_ = newest;
      prune_now_and_then(target);
      if (last && seen_ < newest) dropped_more(newest - seen_);
    }
    lock.lock();
  }
}

void AuditWriter::write_new(const AuditTarget& target, std::uint64_t up_to, bool last) {
  if (!store_ || opened_ != target.store_url) {
    const std::int64_t now = clock_.monotonic_ms();
    if (!last && !last_fault_.empty() && now - tried_at_ms_ < kTryAgainMs) return;
    tried_at_ms_ = now;
    Result<std::unique_ptr<AuditStore>> opened = AuditStore::open_to_write(target.store_url);
    if (!opened) return failed(opened.error());
    store_ = std::move(*opened);
    opened_ = target.store_url;
  }
  if (up_to <= seen_) return;
  std::vector<KeptDecision> fresh = ring_.after(seen_);
  while (!fresh.empty() && fresh.back().number > up_to) fresh.pop_back();
  std::vector<AuditRow> rows;
  rows.reserve(fresh.size());
  for (const KeptDecision& one : fresh) rows.push_back(row_of(one, process_));
  const Result<void> added = store_->add(rows);
  if (!added) return failed(added.error());
  last_fault_.clear();
  written_.fetch_add(fresh.size(), std::memory_order_relaxed);
  dropped_more(up_to - seen_ - fresh.size());
  seen_ = up_to;
}

// Each is counted; a log that had a line for each would be the next thing to overflow.
void AuditWriter::dropped_more(std::uint64_t number) {
  dropped_.fetch_add(number, std::memory_order_relaxed);
  unsaid_ += number;
  const std::int64_t now = clock_.monotonic_ms();
  if (unsaid_ == 0 || (said_at_ms_ != 0 && now - said_at_ms_ < kSayEveryMs)) return;
  said_at_ms_ = now;
  log_(LogLevel::warning, std::to_string(std::exchange(unsaid_, 0)) +
                              " decisions were made and not kept: memory did not hold them until they were written");
}

void AuditWriter::prune_now_and_then(const AuditTarget& target) {
  const std::int64_t now = clock_.monotonic_ms();
  if (!store_ || now - pruned_at_ms_ < kPruneEveryMs) return;
  pruned_at_ms_ = now;
  if (Result<void> done = store_->prune(clock_.unix_seconds() - target.keep, target.max_bytes); !done)
    failed(done.error());
}

// Said once: the next round tries again, as long as the ring holds what is owed.
void AuditWriter::failed(const Error& error) {
  store_.reset();
  if (last_fault_ == error.cause) return;
  last_fault_ = error.cause;
  log_(LogLevel::error,
       "decisions cannot be kept: " + error.cause + (error.hint.empty() ? "" : "; hint: " + error.hint));
}

}  // namespace sallyport
