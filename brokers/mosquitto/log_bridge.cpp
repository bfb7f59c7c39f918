#include "brokers/mosquitto/log_bridge.h"

#include "brokers/mosquitto/broker_api.h"

namespace sallyport::mosquitto {
namespace {
void to_broker(int level, const std::string& line) { mosquitto_log_printf(level, "%s", line.c_str()); }

// At most `cap` bytes from the front, ending between two UTF-8 characters.
std::string_view front_piece(std::string_view text, std::size_t cap) noexcept {
  if (text.size() <= cap) return text;
  std::size_t end = cap;
  while (end > cap - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}
}  // namespace

int broker_log_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return MOSQ_LOG_DEBUG;
    case LogLevel::info:
      return MOSQ_LOG_INFO;
    case LogLevel::notice:
      return MOSQ_LOG_NOTICE;
    case LogLevel::warning:
      return MOSQ_LOG_WARNING;
    case LogLevel::error:
      return MOSQ_LOG_ERR;
  }
  return MOSQ_LOG_ERR;
}

LogBridge::LogBridge(Writer writer)
    : writer_(writer ? std::move(writer) : Writer(to_broker)), broker_thread_(std::this_thread::get_id()) {}

void LogBridge::emit(LogLevel level, std::string_view line) {
  line = line.substr(0, kMaxLine);
  const bool is_json = line.starts_with('{');
  for (bool first = true; first || !line.empty(); first = false) {
    const std::string_view piece = front_piece(line, kPiece);
    std::string out = is_json ? "" : first ? "sallyport: " : "sallyport: ... ";
    out += piece;
    for (char& c : out)
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';  // one line is one line
    writer_(broker_log_level(level), out);
    line.remove_prefix(piece.size());
  }
}

void LogBridge::write(LogLevel level, std::string_view line) noexcept try {
  if (std::this_thread::get_id() == broker_thread_) {
    drain();  // in the order in which things happened
    return emit(level, line);
  }
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kMaxQueued) {
    ++lost_;
  } else {
    queue_.emplace_back(level, line.substr(0, kMaxLine));
  }
  waiting_.store(true, std::memory_order_release);
} catch (const std::exception&) {
  // Out of memory: the line is lost, the broker is not.
}

void LogBridge::drain_waiting() noexcept try {
  std::deque<std::pair<LogLevel, std::string>> lines;
  std::size_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(queue_);
    lost = std::exchange(lost_, 0);
    waiting_.store(false, std::memory_order_release);
  }
  for (const auto& [level, line] : lines) emit(level, line);
  if (lost)
    emit(LogLevel::warning, std::to_string(lost) + " lines of other threads did not fit the queue and were lost");
} catch (const std::exception&) {
}

}  // namespace sallyport::mosquitto
