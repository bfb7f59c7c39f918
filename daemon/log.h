// Lines on standard error, each in one write: text for people, JSON for machines,
// priorities for the journal.
#pragma once

#include <atomic>
#include <string_view>

#include "base/modes.h"

namespace sallyport::daemon {

class Log {
 public:
  Log();
  void set_format(LogFormat format) noexcept { format_.store(format, std::memory_order_relaxed); }
  // Any thread. `line` is one line and holds no secret. A line that is a JSON object already is written as it is.
  void write(LogLevel level, std::string_view line) const noexcept;

 private:
  std::atomic<LogFormat> format_{LogFormat::text};
  bool journal_ = false;
};

}  // namespace sallyport::daemon
