#include "admin/user_import_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/secret.h"
#include "base/start_thread.h"
#include "codec/base64url.h"
#include "crypto/random.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

constexpr std::size_t kBatch = 256;
// What stands for a hash while a file is only looked through; never committed.
constexpr const char* kNotHashedYet = "$pending";

FieldProblem problem_of_row(const ImportedUser& user, const Error& error, std::string_view column) {
  // The reader's places are "row 17, column password".
  std::string field(column);
  if (const std::size_t at = error.place.find("column "); at != std::string::npos) field = error.place.substr(at + 7);
  return {std::move(field), error.cause, error.hint, user.row};
}

}  // namespace

std::string_view name(UserImportState::Phase phase) {
  switch (phase) {
    case UserImportState::Phase::running:
      return "running";
    case UserImportState::Phase::done:
      return "done";
    case UserImportState::Phase::failed:
      return "failed";
    case UserImportState::Phase::cancelled:
      return "cancelled";
  }
  return "";
}

UserImports::~UserImports() {
  cancelled_.store(true);
  if (thread_.joinable()) thread_.join();
}

Result<UserImportState, Problem> UserImports::start(Order order) {
  const std::lock_guard lock(mutex_);
  if (running_) return unexpected(problem(409, "conflict", "another import is under way", "wait for it, or stop it"));
  if (thread_.joinable()) thread_.join();
  state_ = {};
  state_.id = encode_hex(random_bytes(8));
  state_.file_name = order.file_name;
  state_.dry_run = order.dry_run;
  state_.total_bytes = order.body.size();
  state_.started_at = clock_.unix_seconds();
  running_ = true;
  cancelled_.store(false);
  Result<std::thread> started =
      start_thread([this, order = std::make_shared<Order>(std::move(order))] { run(*order); });
  if (!started) {
    running_ = false;
    return unexpected(problem_of(started.error()));
  }
  thread_ = std::move(*started);
  return state_;
}

std::optional<UserImportState> UserImports::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  return id == state_.id && !id.empty() ? std::optional(state_) : std::nullopt;
}

bool UserImports::cancel(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (id.empty() || id != state_.id) return false;
  cancelled_.store(true);
  return true;
}

void UserImports::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  state_.phase = UserImportState::Phase::failed;
  state_.cause = error.place.empty() ? error.cause : error.place + ": " + error.cause;
  state_.hint = error.hint;
}

void UserImports::run(Order& order) {
  Result<std::unique_ptr<Store>> store = open_store(order.store_url, StoreAccess::write);
  if (store)
    pass(order, **store);
  else
    fail(store.error());
  wipe(order.body);  // passwords may have stood in it
  const std::lock_guard lock(mutex_);
  if (state_.phase == UserImportState::Phase::running) state_.phase = UserImportState::Phase::done;
  state_.ended_at = clock_.unix_seconds();
  running_ = false;
}

void UserImports::pass(Order& order, Store& store) {
  std::size_t at = 0;
  const auto read = [&](char* buffer, std::size_t n) {
    const std::size_t take = std::min(n, order.body.size() - at);
    std::memcpy(buffer, order.body.data() + at, take);
    at += take;
    return take;
  };
  Result<std::unique_ptr<UserImport>> import = open_user_import(read, order.options);
  if (!import) return fail(import.error());
  if (Result<void> begun = store.begin_bulk(); !begun) return fail(begun.error());
  const WriteMode mode = order.replace ? WriteMode::replace : WriteMode::create_only;
  ImportedUser user;
  std::size_t since_told = 0;
  UserImportState told;  // of this thread alone until it is told
  const auto refuse = [&](const Error& error, std::string_view column) {
    ++told.failed;
    if (told.problems.size() < kMostProblems) told.problems.push_back(problem_of_row(user, error, column));
  };
  const auto tell = [&] {
    const std::lock_guard lock(mutex_);
    state_.read = told.read;
    state_.good = told.good;
    state_.failed = told.failed;
    state_.problems = told.problems;
    state_.read_bytes = (*import)->bytes_read();
  };
  while ((*import)->next(user)) {
    if (cancelled_.load()) {
      store.rollback_bulk();
      tell();
      const std::lock_guard lock(mutex_);
      state_.phase = UserImportState::Phase::cancelled;
      return;
    }
    ++told.read;
    if (user.fault) {
      refuse(*user.fault, "");
    } else {
      if (!user.password.empty()) {
        Result<std::string> hash = order.dry_run ? Result<std::string>(kNotHashedYet) : hash_password(user.password);
        wipe(user.password);
        if (hash)
          user.hash = std::move(*hash);
        else
          refuse(hash.error(), "password");
      }
      if (!user.hash.empty()) {
        const Result<void> put = store.bulk_put({user.username, user.hash, user.enabled, user.is_superuser, 0}, mode);
        if (put) {
          ++told.good;
        } else if (put.error().kind == ErrorKind::kConflict || put.error().kind == ErrorKind::kInvalid) {
          refuse(put.error(), "username");
        } else {
          store.rollback_bulk();
          tell();
          return fail(put.error());
        }
      }
      user.hash.clear();
    }
    if (++since_told == kBatch) {
      since_told = 0;
      tell();
    }
  }
  tell();
  if (order.dry_run) return store.rollback_bulk();
  if (Result<void> committed = store.commit_bulk(); !committed) {
    Error error = committed.error();
    error.cause += "; nothing was written";
    fail(error);
  }
}

}  // namespace sallyport
