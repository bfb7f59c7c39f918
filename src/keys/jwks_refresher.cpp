#include "keys/jwks_refresher.h"

#include <algorithm>

#include "base/start_thread.h"

namespace sallyport {

JwksRefresher::JwksRefresher(std::shared_ptr<Fetcher> fetcher, const Clock& clock, Hooks hooks)
    : fetcher_(std::move(fetcher)), clock_(clock), hooks_(std::move(hooks)), dice_(std::random_device{}()) {}

JwksRefresher::~JwksRefresher() { stop(); }

void JwksRefresher::configure(std::vector<KeySourceSettings> sources, std::shared_ptr<DocumentVault> vault) {
  const Moment now = clock_.now();
  std::vector<std::unique_ptr<Held>> next;
  {
    std::lock_guard lock(mutex_);
    vault_ = std::move(vault);
    for (KeySourceSettings& settings : sources) {
      const auto same = std::find_if(sources_.begin(), sources_.end(), [&](const auto& held) {
        return held && held->source.settings().name == settings.name &&
               held->source.settings().address() == settings.address();
      });
      if (same != sources_.end()) {
        next.push_back(std::move(*same));
        next.back()->source.adopt(std::move(settings));
        next.back()->wanted = RefreshTrigger::reload;
        continue;
      }
      auto held = std::make_unique<Held>(
          Held{RemoteSource(std::move(settings)), std::make_shared<RefreshBell>(fetcher_), RefreshTrigger::start, 0});
      if (vault_)
        if (const auto stored = vault_->load(held->source.settings().address())) held->source.warm_up(*stored, now);
      next.push_back(std::move(held));
    }
    for (const auto& gone : sources_)
      if (gone && gone->fetch_id) to_cancel_.push_back(gone->fetch_id);
    sources_ = std::move(next);
  }
  fetcher_->wake();
}

Result<void> JwksRefresher::start() {
  std::lock_guard starting(start_mutex_);
  if (thread_.joinable()) return {};
  Result<std::thread> started = start_thread([this] { run(); });
  if (!started) return unexpected(started.error());
  thread_ = std::move(*started);
  return {};
}

void JwksRefresher::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  fetcher_->wake();
  if (thread_.joinable()) thread_.join();
}

bool JwksRefresher::refresh_now(const std::optional<std::string>& name) {
  bool found = false;
  {
    std::lock_guard lock(mutex_);
    for (const auto& held : sources_) {
      if (name && held->source.settings().name != *name) continue;
      held->wanted = RefreshTrigger::refresh_now;
      found = true;
    }
  }
  fetcher_->wake();
  return found;
}

std::optional<JwksRefresher::View> JwksRefresher::view(std::string_view name) const {
  std::lock_guard lock(mutex_);
  for (const auto& held : sources_)
    if (held->source.settings().name == name) return View{held->source.keys(), held->bell};
  return std::nullopt;
}

std::vector<SourceReport> JwksRefresher::report() const {
  const Moment now = clock_.now();
  std::lock_guard lock(mutex_);
  std::vector<SourceReport> out;
  for (const auto& held : sources_) out.push_back(held->source.report(now));
  return out;
}

// Starts what is due; the moment of the next thing that happens by itself.
std::int64_t JwksRefresher::begin_due(Work& work) {
  for (const std::uint64_t id : to_cancel_) fetcher_->cancel(id);
  to_cancel_.clear();
  const Moment now = clock_.now();
  std::int64_t wake = std::numeric_limits<std::int64_t>::max();
  for (const auto& held : sources_) {
    if (auto line = held->source.expire(now)) {
      work.lines.push_back(std::move(*line));
      work.changed = true;
    }
    std::optional<FetchRequest> request;
    if (held->wanted) {
      request = held->source.trigger(*held->wanted, now);
      held->wanted.reset();
    }
    if (held->bell->rung() && !request) request = held->source.trigger(RefreshTrigger::unknown_kid, now);
    if (!request) request = held->source.trigger(RefreshTrigger::timer, now);
    if (request) {
      held->bell->quiet();
      held->fetch_id = next_id_++;
      fetcher_->start(held->fetch_id, std::move(*request));
    }
    wake = std::min(wake, held->source.wake_at());
  }
  return wake;
}

void JwksRefresher::take(std::vector<Fetcher::Done> done, Work& work) {
  const Moment now = clock_.now();
  for (Fetcher::Done& one : done) {
    const auto at =
        std::find_if(sources_.begin(), sources_.end(), [&](const auto& held) { return held->fetch_id == one.id; });
    if (at == sources_.end()) continue;
    Held& held = **at;
    RemoteSource::After after = held.source.finish(one.result, now, static_cast<std::uint32_t>(dice_()) << 1);
    for (RemoteSource::Line& line : after.lines) work.lines.push_back(std::move(line));
    if (after.more) {
      held.fetch_id = next_id_++;
      fetcher_->start(held.fetch_id, std::move(*after.more));
      continue;
    }
    held.fetch_id = 0;
    held.bell->quiet();  // whoever rang while it was under way has his answer
    work.changed = true;
    if (after.to_store && vault_) work.to_store.push_back(std::move(*after.to_store));
  }
}

// A disk may be slow: nobody waits for it under the lock.
void JwksRefresher::keep(Work& work, const std::shared_ptr<DocumentVault>& vault) {
  for (const StoredDocument& document : work.to_store) {
    Result<void> saved = vault->save(document);
    if (!saved)
      work.lines.push_back({LogLevel::warning, "the keys cannot be kept for the next start: " + saved.error().place +
                                                   ": " + saved.error().cause});
    std::lock_guard lock(mutex_);
    for (const auto& held : sources_)
      if (held->source.settings().address() == document.address)
        held->source.set_vault_fault(saved ? std::string() : saved.error().to_text());
  }
}

void JwksRefresher::run() {
  std::vector<Fetcher::Done> done;
  for (;;) {
    Work work;
    std::int64_t wake = 0;
    std::shared_ptr<DocumentVault> vault;
    {
      std::lock_guard lock(mutex_);
      if (stop_) break;
      take(std::move(done), work);
      wake = begin_due(work);
      vault = vault_;
    }
    if (work.changed && hooks_.changed) hooks_.changed();
    if (vault) keep(work, vault);
    if (hooks_.log)
      for (const RemoteSource::Line& line : work.lines) hooks_.log(line.level, line.text);
    const std::int64_t now = clock_.monotonic_ms();
    done = fetcher_->wait(wake <= now ? 0 : std::min<std::int64_t>(wake - now, 60'000));
  }
  std::lock_guard lock(mutex_);
  for (const auto& held : sources_)
    if (held->fetch_id) fetcher_->cancel(held->fetch_id);
}

}  // namespace sallyport
