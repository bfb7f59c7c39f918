// StoreFollower: the users and the settings revision of a store, kept up to date by
// reading only what came after the last change sequence number. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/store.h"
#include "users/user_directory.h"

namespace sallyport {

class StoreFollower {
 public:
  // An empty url follows nothing: no users, no settings.
  explicit StoreFollower(std::string url);

  struct Update {
    bool users = false;     // users() is a new directory
    bool settings = false;  // settings() is another revision
  };
  // The first call loads everything. On an error what was known stays; the next call tries again.
  Result<Update> poll();

  const std::string& url() const noexcept { return url_; }
  // Nothing until the first successful load.
  const std::shared_ptr<const UserDirectory>& users() const noexcept { return users_; }
  const std::optional<SettingsRevision>& settings() const noexcept { return settings_; }

 private:
  Result<Update> load_all();
  std::string url_;
  std::unique_ptr<Store> store_;
  std::int64_t version_ = 0;  // Store::data_version() at the last look
  std::int64_t sequence_ = 0;
  std::shared_ptr<const UserDirectory> users_;
  std::optional<SettingsRevision> settings_;
};

}  // namespace sallyport
