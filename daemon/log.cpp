#include "daemon/log.h"

#include <sys/uio.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>

#include "codec/json.h"

namespace sallyport::daemon {
namespace {

// sd-daemon(3)
constexpr std::string_view priority(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "<7>";
    case LogLevel::info:
      return "<6>";
    case LogLevel::notice:
      return "<5>";
    case LogLevel::warning:
      return "<4>";
    case LogLevel::error:
      return "<3>";
  }
  return "<5>";
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string out(text, n);
  out += '.';
  out += static_cast<char>('0' + ms / 100);
  out += static_cast<char>('0' + ms / 10 % 10);
  out += static_cast<char>('0' + ms % 10);
  return out + "Z";
}

}  // namespace

Log::Log() : journal_(std::getenv("JOURNAL_STREAM") != nullptr) {}

void Log::write(LogLevel level, std::string_view line) const noexcept {
  try {
    std::string out;
    if (journal_) out += priority(level);
    if (line.starts_with('{')) {
      out += line;
    } else if (format_.load(std::memory_order_relaxed) == LogFormat::json) {
      out += "{\"time\":\"" + timestamp() + "\",\"level\":\"";
      out += name(level);
      out += "\",\"message\":";
      append_json_string(out, line);
      out += '}';
    } else {
      if (!journal_) out += timestamp() + " ";
      out += name(level);
      out += ": ";
      out += line;
    }
    out += '\n';
    // A reader who is gone or slow is no reason to stop answering.
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, out.data(), out.size());
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace sallyport::daemon
