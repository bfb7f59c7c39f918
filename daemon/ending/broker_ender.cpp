#include "daemon/ending/broker_ender.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/signals_blocked.h"
#include "codec/json.h"
#include "config/file_bytes.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kMaxPasswordFile = 4096;
constexpr int kLooks = 4;  // at somebody whom the broker does not know yet

std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Result<BrokerApi> open_broker_api(const BrokerSetting& broker) {
  Result<FileBytes> file = read_file_bytes(broker.password_file, kMaxPasswordFile);
  if (!file) return unexpected(file.error());
  std::string_view text = file->bytes;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const bool one_line = !text.empty() && text.find('\n') == std::string_view::npos;
  BrokerApi out;
  out.secret_digest = digest_bytes(file->bytes);
  ApiClientOptions api;
  if (one_line) {
    api.base = broker.url;
    api.ca_file = broker.ca_file;
    // VerneMQ's key stands where others have a user name.
    api.user = broker.user.empty() ? std::string(text) : broker.user;
    if (!broker.user.empty()) api.password = Secret(text);
  }
  wipe(file->bytes);
  if (!one_line)
    return unexpected(invalid("the file is not one line with the password of the broker's API",
                              "write the password, or the key, and nothing else", broker.password_file));
  out.client = std::make_shared<ApiClient>(std::move(api));
  return out;
}

BrokerEnder::BrokerEnder(BrokerEnderOptions options) : options_(std::move(options)) {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

BrokerEnder::~BrokerEnder() { stop(); }

std::vector<EndedClient> BrokerEnder::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  if (options_.cancel) options_.cancel();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::vector<EndedClient> out;
  for (std::deque<Waiting>* all : {&later_, &queue_}) {
    for (Waiting& one : *all) out.push_back(std::move(one.client));
    all->clear();
  }
  return out;
}

void BrokerEnder::add(EndedClient client) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() + later_.size() >= options_.most_waiting) {
      ++state_.lost;
      return;
    }
    queue_.push_back({.client = std::move(client)});
  }
  wake_.notify_one();
}

BrokerEnder::State BrokerEnder::state() const {
  const std::lock_guard lock(mutex_);
  State out = state_;
  out.waiting = queue_.size() + later_.size() + in_hand_;
  return out;
}

// The next one whose time it is; nothing when the thread is to end.
std::optional<BrokerEnder::Waiting> BrokerEnder::next(std::unique_lock<std::mutex>& lock) {
  while (!stop_) {
    const std::int64_t now = monotonic_ms();
    std::int64_t wait_ms = -1;
    if (now < paused_until_ms_) {
      wait_ms = paused_until_ms_ - now;
    } else if (!later_.empty() && later_.front().not_before <= now) {
      Waiting one = std::move(later_.front());
      later_.pop_front();
      return one;
    } else if (!queue_.empty()) {
      Waiting one = std::move(queue_.front());
      queue_.pop_front();
      return one;
    } else if (!later_.empty()) {
      wait_ms = later_.front().not_before - now;
    }
    if (wait_ms < 0)
      wake_.wait(lock);
    else
      wake_.wait_for(lock, std::chrono::milliseconds(wait_ms));
  }
  return std::nullopt;
}

void BrokerEnder::run() {
  const std::int64_t pace_ms = std::max<std::int64_t>(1, 1000 / options_.broker.pace);
  std::unique_lock lock(mutex_);
  while (std::optional<Waiting> one = next(lock)) {
    in_hand_ = 1;
    lock.unlock();
    EndResult result = EndResult::absent;
    std::string cause;
    bool asked = false;
    // One that cannot be asked about any more for want of memory is asked again later.
    try {
      asked = options_.still_due(one->client);
      if (asked) result = end_client(options_.broker.kind, one->client, options_.ask, cause);
    } catch (const std::exception&) {
      result = EndResult::away;
      cause = "out of memory";
      asked = true;
    }
    lock.lock();
    in_hand_ = 0;
    if (!asked) continue;
    take_result(result, std::move(*one), cause);
    paused_until_ms_ = std::max(paused_until_ms_, monotonic_ms() + pace_ms);
  }
}

void BrokerEnder::take_result(EndResult result, Waiting one, const std::string& cause) {
  const auto log = [&](LogLevel level, const std::string& line) {
    if (options_.log) options_.log(level, "broker " + options_.broker.name + ": " + line);
  };
  if (stop_ && result != EndResult::ended) {  // it was cut short
    queue_.push_front(std::move(one));
    return;
  }
  if (result == EndResult::away) {
    ++state_.away_answers;
    if (!state_.away)
      log(LogLevel::warning, fmt::format("connections cannot be ended there: {}; hint: they are tried again; "
                                         "sallyport status says when it answers",
                                         cause));
    state_.away = true;
    state_.cause = cause;
    backoff_ms_ = std::clamp(backoff_ms_ * 2, options_.first_backoff_ms, options_.longest_backoff_ms);
    paused_until_ms_ = monotonic_ms() + backoff_ms_;
    queue_.push_front(std::move(one));
    return;
  }
  if (state_.away) log(LogLevel::notice, "it answers again");
  state_.away = false;
  state_.cause.clear();
  backoff_ms_ = 0;
  std::string who;
  append_json_string(who, one.client.client_id);
  switch (result) {
    case EndResult::ended:
      ++state_.ended;
      return log(LogLevel::info, fmt::format("ended client {} ({})", who, name(one.client.cause)));
    case EndResult::refused:
      ++state_.refused;
      return log(LogLevel::warning, fmt::format("client {} cannot be ended there: {}", who, cause));
    case EndResult::absent:
    case EndResult::unclear: {
      // Whoever ran out has been there for long, and has left. Others may have come a moment ago.
      const int most = result == EndResult::unclear ? kLooks : one.client.cause == EndCause::expired ? 1 : 2;
      if (++one.looked < most) {
        one.not_before = monotonic_ms() + options_.look_again_ms;
        later_.push_back(std::move(one));
        return;
      }
      if (result == EndResult::absent) {
        ++state_.absent;
        return;
      }
      ++state_.refused;
      return log(LogLevel::warning, fmt::format("client {} cannot be ended there: {}", who, cause));
    }
    case EndResult::away:
      return;
  }
}

}  // namespace sallyport::daemon
