#include "daemon/api/news_desk.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/api/console_house.h"

namespace sallyport::daemon {
namespace {

constexpr std::int64_t kLookEvery = 400, kCheckEvery = 2'000, kBeat = 10'000;  // ms

}  // namespace

std::string event_of(const News& news) {
  return fmt::format("event: news\ndata: {{\"decisions\":{},\"law\":{},\"state\":{}}}\n\n", news.decisions, news.law,
                     news.state);
}

News NewsDesk::look() {
  const std::int64_t began = house_.engine.clock().monotonic_ms();
  if (const std::unique_lock looking(looking_, std::try_to_lock); looking && began >= next_look_ms_) {
    const Result<std::int64_t, Problem> newest = decisions_.newest();
    const std::int64_t now = house_.engine.clock().monotonic_ms();
    next_look_ms_ = now + std::max(kLookEvery, 4 * (now - began));
    const std::lock_guard lock(mutex_);
    if (newest) known_.decisions = *newest;
  }
  const std::lock_guard lock(mutex_);
  known_.law = house_.engine.snapshot()->generation;
  known_.state = house_.watch.news();
  return known_;
}

// One who listens.
class NewsDesk::Listener final : public http::Stream {
 public:
  Listener(NewsDesk& desk, Caller caller, std::string who)
      : desk_(desk), caller_(std::move(caller)), who_(std::move(who)) {}
  ~Listener() override { desk_.left(who_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  bool more(std::int64_t now_ms, std::string& out) noexcept override {
    try {
      if (now_ms >= next_check_ms_) {
        if (!desk_.house_.accounts.stands(caller_)) return false;
        next_check_ms_ = now_ms + kCheckEvery;
      }
      const News news = desk_.look();
      // The beat tells a page that the line is not dead.
      if (news == said_ && now_ms < next_beat_ms_) return true;
      said_ = news;
      next_beat_ms_ = now_ms + kBeat;
      out += event_of(news);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

 private:
  NewsDesk& desk_;
  const Caller caller_;
  const std::string who_;
  News said_;
  std::int64_t next_check_ms_ = 0, next_beat_ms_ = 0;
};

std::shared_ptr<http::Stream> NewsDesk::open(const Caller& caller) {
  std::string who = caller.kind == Caller::Kind::session ? caller.session_digest : caller.token_digest;
  {
    const std::lock_guard lock(mutex_);
    if (open_ >= kMostStreams) return nullptr;
    std::size_t& his = streams_[who];
    if (his >= kMostOfOne) return nullptr;
    ++his;
    ++open_;
  }
  return std::make_shared<Listener>(*this, caller, std::move(who));
}

void NewsDesk::left(const std::string& who) {
  const std::lock_guard lock(mutex_);
  --open_;
  const auto his = streams_.find(who);
  if (his != streams_.end() && --his->second == 0) streams_.erase(his);
}

}  // namespace sallyport::daemon
