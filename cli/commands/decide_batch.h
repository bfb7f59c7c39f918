// `decide --batch`: one attempt a line in, one decision a line out, in bounded memory.
#pragma once

#include <string>
#include <string_view>

#include "auth/chain.h"
#include "codec/json.h"

namespace sallyport::cli {

inline constexpr std::size_t kMaxBatchLine = 1024 * 1024;

// Answers lines; no I/O, so that it can be tested and measured by itself.
class BatchDecider {
 public:
  BatchDecider(const GateSnapshot& snapshot, const Clock& clock)
      : snapshot_(snapshot), clock_(clock), work_(std::make_unique<Workspace>()) {}
  // Appends the answer, with its newline, to `out`. The line is written to (escapes are resolved in place).
  void answer(char* line, std::size_t length, std::string& out);
  // A line that was longer than kMaxBatchLine, whose bytes were dropped.
  void answer_too_long(std::string& out);
  bool any_error() const noexcept { return any_error_; }
  // The first name that is no name of a line, with where it stood; empty: none was seen. A typing error there would
  // otherwise read as "absent".
  const std::string& stray_name() const noexcept { return stray_name_; }

 private:
  void refuse(std::string_view cause, const std::optional<JsonValue>& id, std::string& out);
  const GateSnapshot& snapshot_;
  const Clock& clock_;
  std::unique_ptr<Workspace> work_;
  JsonTape tape_;
  std::size_t lines_ = 0;
  bool any_error_ = false;
  std::string stray_name_;
};

// Reads the descriptor to its end; the exit code.
int run_batch(int input, const GateSnapshot& snapshot, const Clock& clock);

}  // namespace sallyport::cli
