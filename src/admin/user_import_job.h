// UserImportJob: users out of a file, on a thread of its own, one import at a time. Good
// rows come in together at the end, or, in a dry run, not at all; bad ones are told.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admin/problem.h"
#include "base/clock.h"
#include "store/store.h"
#include "users/csv_import.h"

namespace sallyport {

struct UserImportState {
  enum class Phase : std::uint8_t { running, done, failed, cancelled } phase = Phase::running;
  std::string id, file_name;
  bool dry_run = false;
  std::size_t read = 0, good = 0, failed = 0, read_bytes = 0, total_bytes = 0;
  std::string cause, hint;             // of the whole
  std::vector<FieldProblem> problems;  // the first of them
  UnixSeconds started_at = 0;
  std::optional<UnixSeconds> ended_at;
};
std::string_view name(UserImportState::Phase phase);

class UserImports {
 public:
  static constexpr std::size_t kMostProblems = 10'000;
  explicit UserImports(const Clock& clock) : clock_(clock) {}
  ~UserImports();

  struct Order {
    std::string store_url, body, file_name;
    bool dry_run = false, replace = false;
    ImportOptions options;
  };
  // A Problem while another one runs.
  Result<UserImportState, Problem> start(Order order);
  std::optional<UserImportState> find(std::string_view id) const;
  bool cancel(std::string_view id);

 private:
  void run(Order& order);
  void pass(Order& order, Store& store);
  void fail(const Error& error);

  const Clock& clock_;
  mutable std::mutex mutex_;
  UserImportState state_;
  bool running_ = false;
  std::atomic<bool> cancelled_{false};
  std::thread thread_;
};

}  // namespace sallyport
