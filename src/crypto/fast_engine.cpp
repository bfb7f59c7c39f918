#include "crypto/fast_engine.h"

#include <algorithm>

namespace sallyport::fast {

Engine& Engine::instance() {
  static Engine* engine = new Engine;  // never destroyed: keys of static life may ask it to the end
  return *engine;
}

Path Engine::path() const {
  if (path_chosen_) return path_;
  const std::vector<Path> all = paths();
  return all.empty() ? Path::portable : all.back();
}

void Engine::settle() {
  if (enabled_ && confirmers_ > 0 && !known_answers_right_ && !condemned() && !paths().empty()) {
    try {
      known_answers_right_ = known_answers_are_right(path());
      if (!known_answers_right_) {
        condemned_.store(true, std::memory_order_release);
        fault_ = "a known answer came out wrong on the path " + std::string(name(path()));
      }
    } catch (const std::bad_alloc&) {
      unsettled_.store(true, std::memory_order_release);
    }
  }
  const bool answers = enabled_ && confirmers_ > 0 && known_answers_right_ && !condemned();
  if (answers) ever_active_.store(true, std::memory_order_release);
  active_.store(answers, std::memory_order_release);
}

void Engine::enable(bool on) {
  std::lock_guard lock(mutex_);
  enabled_ = on;
  settle();
}

bool Engine::enabled() const {
  std::lock_guard lock(mutex_);
  return enabled_;
}

void Engine::choose(Path path) {
  std::lock_guard lock(mutex_);
  path_ = path;
  path_chosen_ = true;
  known_answers_right_ = false;
  settle();
}

std::shared_ptr<Key> Engine::adopt(KeyType type, const std::string& first, const std::string& second, void* evp_pkey) {
  if (!KeyTable::takes(type, first, second)) return nullptr;
  const std::string identity =
      std::to_string(static_cast<int>(type)) + ":" + std::to_string(first.size()) + ":" + first + second;
  std::lock_guard lock(mutex_);
  if (keys_.size() >= sweep_at_) {
    std::erase_if(keys_, [](const auto& each) { return each.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, keys_.size() * 2);
  }
  std::weak_ptr<Key>& known = keys_[identity];
  std::shared_ptr<Key> key = known.lock();
  if (!key) known = key = std::make_shared<Key>(type, first, second, evp_pkey);
  return key;
}

void Engine::make_tables() {
  if (unsettled_.exchange(false, std::memory_order_acq_rel)) {
    std::lock_guard lock(mutex_);
    settle();
  }
  const std::uint32_t tick = tick_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!active() || !wanted_.exchange(false, std::memory_order_acq_rel)) return;
  const std::unique_lock building(building_, std::try_to_lock);
  if (!building) return wanted_.store(true, std::memory_order_release);

  std::vector<std::shared_ptr<Key>> having, wanting;
  Path on{};
  {
    std::lock_guard lock(mutex_);
    on = path();
    for (const auto& [identity, weak] : keys_)
      if (std::shared_ptr<Key> key = weak.lock()) {
        if (key->table_bytes() > 0)
          having.push_back(std::move(key));
        else if (key->wants_table())
          wanting.push_back(std::move(key));
      }
  }
  std::size_t bytes = 0;
  for (const auto& key : having) bytes += key->table_bytes();
  // The one that was idle for longest, counted from now so that the ticks may wrap, stands last.
  std::sort(having.begin(), having.end(),
            [tick](const auto& a, const auto& b) { return tick - a->last_used() < tick - b->last_used(); });
  int built = 0;
  for (const auto& key : wanting) {
    const std::size_t more = KeyTable::bytes_of(key->type());
    while (bytes + more > max_table_bytes_ && !having.empty() && tick - having.back()->last_used() >= kIdleTicks) {
      bytes -= having.back()->table_bytes();
      having.back()->drop_table();
      having.pop_back();
    }
    // All tables are in use, or enough was done for this time: the key stays with OpenSSL and is looked at again.
    if (bytes + more > max_table_bytes_ || built == kTablesAtOnce) {
      wanted_.store(true, std::memory_order_release);
      break;
    }
    try {
      key->build(on, tick);
    } catch (const std::bad_alloc&) {  // the key stays with OpenSSL till there is room
      wanted_.store(true, std::memory_order_release);
      break;
    }
    if (key->table_bytes() == 0) continue;
    bytes += key->table_bytes();
    ++built;
  }
  tables_.store(having.size() + static_cast<std::size_t>(built), std::memory_order_relaxed);
  table_bytes_.store(bytes, std::memory_order_relaxed);
}

void Engine::offer(const std::shared_ptr<Key>& key, SignatureScheme scheme, Hash hash, std::string_view input,
                   std::string_view signature) noexcept {
  if (!waiting_->offer(key, scheme, hash, input, signature)) {
    unconfirmed_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (asleep_.load() && asleep_.exchange(false)) ring();
}

void Engine::ring() noexcept {
  bell_.fetch_add(1);
  bell_.notify_all();
}

void Engine::wait_for_work(const std::atomic<bool>& stop) noexcept {
  const std::uint32_t heard = bell_.load();
  // Told first, looked second: an offer in between finds the sleeper, or is found.
  asleep_.store(true);
  if (!waiting_->empty() || stop.load()) {
    asleep_.store(false);
    return;
  }
  bell_.wait(heard);
}

void Engine::confirm_waiting() noexcept {
  for (;;) {
    switch (waiting_->confirm_next()) {
      case Confirmations::Outcome::nothing_waits:
        return;
      case Confirmations::Outcome::confirmed:
        confirmed_.fetch_add(1, std::memory_order_relaxed);
        break;
      case Confirmations::Outcome::unasked:
        unconfirmed_.fetch_add(1, std::memory_order_relaxed);
        break;
      case Confirmations::Outcome::mismatch:
        condemn("it accepted a signature that OpenSSL refuses");
        break;
    }
  }
}

void Engine::begin_confirming() {
  std::lock_guard lock(mutex_);
  if (!waiting_) waiting_ = std::make_unique<Confirmations>();
  ++confirmers_;
  settle();
}

void Engine::end_confirming() noexcept {
  std::lock_guard lock(mutex_);
  --confirmers_;
  settle();
}

void Engine::condemn(std::string_view cause) noexcept {
  mismatches_.fetch_add(1, std::memory_order_relaxed);
  active_.store(false, std::memory_order_release);
  if (condemned_.exchange(true, std::memory_order_acq_rel)) return;
  {
    std::lock_guard lock(mutex_);
    try {
      fault_ = cause;
    } catch (...) {
    }
    settle();
  }
  ring();
}

EngineReport Engine::report() const {
  std::lock_guard lock(mutex_);
  EngineReport out;
  out.active = active();
  if (!paths().empty()) out.path = name(path());
  out.fault = fault_;
  out.tables = tables_.load(std::memory_order_relaxed);
  out.table_bytes = table_bytes_.load(std::memory_order_relaxed);
  out.answers = answers_.load(std::memory_order_relaxed);
  out.confirmed = confirmed_.load(std::memory_order_relaxed);
  out.unconfirmed = unconfirmed_.load(std::memory_order_relaxed);
  out.mismatches = mismatches_.load(std::memory_order_relaxed);
  return out;
}

}  // namespace sallyport::fast
