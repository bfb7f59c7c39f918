// DecisionLog: one line a refusal at notice (bounded a source), one a decision at
// debug. Names escaped, tokens as fingerprints, never a password, secret or claim.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "auth/connect_attempt.h"
#include "auth/decision.h"
#include "auth/rate_limiter.h"
#include "base/clock.h"
#include "observe/metrics.h"

namespace sallyport {

using LogSink = std::function<void(LogLevel, std::string_view)>;

// A text made safe for one log line: control characters, quotes, backslashes and invalid UTF-8 as \xNN; cut at 128
// bytes.
std::string loggable(std::string_view text);
// Whether a user name is likely a token or a secret put into the wrong field: shown as a fingerprint instead.
bool looks_like_token(std::string_view text) noexcept;
// "token 1a2b3c4d" for what looks like a token, else the name itself.
std::string shown_name(std::string_view username);
// First 8 hex digits of SHA-256.
std::string fingerprint(std::string_view token);

class DecisionLog {
 public:
  DecisionLog(LogSink sink, Metrics& metrics) : sink_(std::move(sink)), metrics_(metrics) {}
  void set(LogLevel level, LogFormat format) noexcept {
    level_.store(level, std::memory_order_relaxed);
    format_.store(format, std::memory_order_relaxed);
  }
  LogLevel level() const noexcept { return level_.load(std::memory_order_relaxed); }
  void decision(const ConnectAttempt& attempt, const Decision& d, const Moment& now, std::string_view username,
                std::string_view token_fingerprint, std::string_view topic = {}, bool ended = false);
  // Any other line. `text` holds no secrets and is one line.
  void line(LogLevel level, std::string_view text);

 private:
  LogSink sink_;
  Metrics& metrics_;
  std::atomic<LogLevel> level_{LogLevel::notice};
  std::atomic<LogFormat> format_{LogFormat::text};
  RateLimiter per_source_{20, 1, 4096};  // lines of one address: twenty at once, then one a second
  RateLimiter all_{200, 50, 4};          // lines of all together
};

}  // namespace sallyport
