// Store: what outlives a process: users, revisions of settings, revocations and
// blocks. The only way between processes: whoever changes something writes it
// here in one transaction that takes the next number of one change sequence; whoever
// follows reads what came after the last number that it has.
//
// A Store finds its way back by itself: after an error the same object is asked again,
// since only it knows that what it finds then is not what it had before.
//
// The contract is the same for every engine, and so is its test suite
// (store/store_contract_test.cpp). Methods may block on disk; never call them from a
// decision. One Store object serves one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bars/bar.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/tables.h"
#include "users/user_directory.h"
#include "users/user_record.h"

namespace sallyport {

struct SettingsRevision {
  std::int64_t number = 0;  // 1, 2, 3…
  std::string toml;         // the settings' text
  std::string author;       // "cli:root"
  std::string comment;
  UnixSeconds created_at = 0;
};

// What came after a sequence number.
struct StoreChanges {
  std::int64_t sequence = 0;  // the number to ask with next time
  // The store was replaced, the number is too old, or more has changed than is worth telling one by one: what follows
  // is empty, call load() and forget what was known.
  bool from_scratch = false;
  std::vector<UserChange> users;
  std::optional<SettingsRevision> settings;  // the current revision, where it changed
  bool too_many = false;                     // load(): there are more users than were wanted, and none was given out
  std::vector<BarChange> bars;
  bool bars_from_scratch = false;  // too many to tell: call load_bars() and forget those that were known
};

struct UserQuery {
  std::string after;   // cursor: names greater than this
  std::string search;  // part of the name, empty: all
  std::size_t limit = 1000;
};

struct BarQuery {
  BarClass of = BarClass::revocation;
  std::int64_t after = 0;  // cursor: ids greater than this
  std::string search;      // part of the value or of the words why, empty: all
  std::size_t limit = 1000;
};
struct KeptBar {
  BarRecord record;        // as it stands in the store now
  bool was_there = false;  // it bars at least what it barred before
};

enum class WriteMode { create_only, replace };

inline constexpr std::size_t kAllUsers = SIZE_MAX;

enum class StoreAccess { read, write };

class Store {
 public:
  virtual ~Store() = default;

  // A cheap number that differs whenever another connection committed something.
  virtual Result<std::int64_t> data_version() = 0;
  virtual Result<StoreChanges> changes_after(std::int64_t sequence) = 0;
  // Every user in name order, in bounded memory; stops where `sink` returns false.
  virtual Result<void> for_each_user(const std::function<bool(const UserRecord&)>& sink) = 0;
  // For the first load: every user to `sink`, or none where there are more than `most`, every bar to `bars` (empty: not
  // asked for), and the sequence and settings that belong to that very state.
  virtual Result<StoreChanges> load(const std::function<void(const UserRecord&)>& sink, std::size_t most = kAllUsers,
                                    const std::function<void(const BarRecord&)>& bars = {}) = 0;
  virtual Result<void> load_bars(const std::function<void(const BarRecord&)>& sink) = 0;

  virtual Result<std::optional<UserRecord>> find_user(std::string_view username) = 0;
  // Those of these names that are there.
  virtual Result<std::vector<UserRecord>> find_users(const std::vector<std::string>& usernames) = 0;
  virtual Result<std::vector<UserRecord>> list_users(const UserQuery& query) = 0;
  virtual Result<std::size_t> count_users() = 0;
  // One transaction: all or nothing. conflict (create_only) names the user in the cause.
  virtual Result<void> put_users(const std::vector<UserRecord>& users, WriteMode mode) = 0;
  // Only if the record's version is still `if_version` (0: whatever it is).
  virtual Result<void> delete_user(std::string_view username, std::uint64_t if_version = 0) = 0;
  // Hash, enabled and is_superuser at once, only if the record's version is still user.version; conflict otherwise.
  virtual Result<void> change_user(const UserRecord& user) = 0;
  // Changes one field only if the record's version is still `if_version` (0: whatever it is).
  virtual Result<void> set_hash(std::string_view username, std::string_view hash, std::uint64_t if_version) = 0;
  virtual Result<void> set_enabled(std::string_view username, bool enabled) = 0;

  // A bulk change in one transaction with bounded memory: begin_bulk, put…, commit_bulk; rolled back otherwise.
  virtual Result<void> begin_bulk() = 0;
  virtual Result<void> bulk_put(const UserRecord& user, WriteMode mode) = 0;
  virtual Result<void> commit_bulk() = 0;
  virtual void rollback_bulk() noexcept = 0;

  // Revocations and blocks. Of one kind, value and issuer there is one: adding it again widens it (the later of both
  // moments, all issues where either says so) and never narrows it. One that is over, or was removed, is made anew.
  virtual Result<KeptBar> put_bar(const BarRecord& bar) = 0;
  virtual Result<void> put_bars(const std::vector<BarRecord>& bars) = 0;  // one transaction: all or nothing
  // In the order of their ids, without those that are over.
  virtual Result<std::vector<BarRecord>> list_bars(const BarQuery& query) = 0;
  virtual Result<std::size_t> count_bars(BarClass of) = 0;
  // What it was; not found where there is none of that class.
  virtual Result<BarRecord> remove_bar(BarClass of, std::int64_t id) = 0;
  // Takes out what has been over for an hour. Followers need no telling: they know the time.
  virtual Result<void> purge_bars(UnixSeconds now) = 0;

  virtual Result<std::optional<SettingsRevision>> current_settings() = 0;
  virtual Result<std::vector<SettingsRevision>> list_settings(std::size_t limit) = 0;
  // conflict where the current revision is not `expected` (nothing: no check).
  virtual Result<SettingsRevision> put_settings(std::string_view toml, std::string_view author,
                                                std::string_view comment,
                                                std::optional<std::int64_t> expected = std::nullopt) = 0;

  // Everything (store/tables.h), as it was at one moment.
  virtual Result<void> dump(const RowSink& sink) = 0;
  // The whole of it into a store with nothing in it, in one transaction; conflict where there is something.
  virtual Result<void> restore(const RowSource& source) = 0;
  // What is wrong with what is kept, in words; empty: nothing was found.
  virtual Result<std::vector<std::string>> check() = 0;
  // Of the tables; 0: there are none yet.
  virtual Result<int> schema() = 0;
};

// sqlite:///absolute/path. With StoreAccess::read a store that is not there yet reads as empty (and is looked for
// again at each data_version()); with write it is made, readable by the folder's owner (a broker's user).
Result<std::unique_ptr<Store>> open_store(std::string_view url, StoreAccess access);

// Teaches open_store() another kind of url ("postgres://"). Before the first open_store(), from main(): the plugin
// links one engine and calls this never.
using StoreOpener = Result<std::unique_ptr<Store>> (*)(std::string_view url, StoreAccess access);
void register_store(std::string_view scheme, StoreOpener opener);

}  // namespace sallyport
