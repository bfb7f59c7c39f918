// StoreFollower: the users, the revocations and blocks, and the settings revision of a
// store, kept up to date by reading only what came after the last change sequence
// number. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bars/bar_list.h"
#include "base/result.h"
#include "store/store.h"
#include "users/user_directory.h"

namespace sallyport {

class StoreFollower {
 public:
  // An empty url follows nothing: no users, no settings. Of a store with more than `most` users those are kept that
  // were fetched lately.
  explicit StoreFollower(std::string url, std::size_t most = kAllUsers);

  struct Update {
    bool users = false;     // users() is a new directory
    bool settings = false;  // settings() is another revision
    bool bars = false;      // bars() is a new list
  };
  // The first call loads everything. On an error what was known stays; the next call tries again.
  Result<Update> poll();
  // Where the store has too many: these users, or that there are none of these names.
  Result<Update> fetch(const std::vector<std::string>& usernames);

  // Drops revocations and blocks that are over; whether there were any.
  bool sweep(UnixSeconds now);

  const std::string& url() const noexcept { return url_; }
  // Nothing until the first successful load.
  const std::shared_ptr<const UserDirectory>& users() const noexcept { return users_; }
  // Names that nobody has; nothing where users() holds everybody. A name in neither has to be fetched.
  const std::shared_ptr<const UserDirectory>& absent() const noexcept { return absent_; }
  // Never nothing; empty until the first successful load.
  const std::shared_ptr<const BarList>& bars() const noexcept { return bars_; }
  const std::optional<SettingsRevision>& settings() const noexcept { return settings_; }

 private:
  Result<Update> load_all();
  void apply(const std::vector<UserChange>& changes);
  void keep_within_bounds();
  std::string url_;
  std::size_t most_;
  std::unique_ptr<Store> store_;
  std::int64_t version_ = 0;  // Store::data_version() at the last look
  std::int64_t sequence_ = 0;
  std::shared_ptr<const UserDirectory> users_, absent_;
  std::size_t turn_ = 0;  // of what is left out
  std::shared_ptr<const BarList> bars_ = std::make_shared<const BarList>();
  std::optional<SettingsRevision> settings_;
};

}  // namespace sallyport
