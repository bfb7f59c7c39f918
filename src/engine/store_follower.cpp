#include "engine/store_follower.h"

namespace sallyport {

StoreFollower::StoreFollower(std::string url) : url_(std::move(url)) {
  if (url_.empty()) users_ = std::make_shared<const UserDirectory>();
}

Result<StoreFollower::Update> StoreFollower::load_all() {
  UserDirectory::Builder builder;
  Result<StoreChanges> loaded = store_->load([&](const UserRecord& user) { builder.add(user); });
  if (!loaded) return unexpected(std::move(loaded.error()));
  Update update{true, false};
  users_ = builder.build();
  sequence_ = loaded->sequence;
  update.settings =
      loaded->settings.has_value() != settings_.has_value() ||
      (settings_ && (settings_->number != loaded->settings->number || settings_->toml != loaded->settings->toml));
  settings_ = std::move(loaded->settings);
  return update;
}

Result<StoreFollower::Update> StoreFollower::poll() {
  if (url_.empty()) return Update{};
  const bool opened_now = !store_;
  if (!store_) {
    Result<std::unique_ptr<Store>> opened = open_store(url_, StoreAccess::read);
    if (!opened) return unexpected(std::move(opened.error()));
    store_ = std::move(*opened);
  }
  // The store is kept: only it knows that a file which comes back is another one, and a file that was deleted is an
  // error to it, not an empty store.
  const auto failed = [&](Error& error) { return unexpected(std::move(error)); };
  Result<std::int64_t> version = store_->data_version();
  if (!version) return failed(version.error());
  if (users_ && !opened_now && *version == version_) return Update{};

  if (!users_) {
    Result<Update> all = load_all();
    if (!all) return failed(all.error());
    version_ = *version;
    return all;
  }
  Result<StoreChanges> changes = store_->changes_after(sequence_);
  if (!changes) return failed(changes.error());
  version_ = *version;
  if (changes->from_scratch) {
    Result<Update> all = load_all();
    if (!all) return failed(all.error());
    return all;
  }
  Update update;
  sequence_ = changes->sequence;
  if (!changes->users.empty()) {
    users_ = users_->with(changes->users);
    update.users = true;
  }
  if (changes->settings) {
    settings_ = std::move(changes->settings);
    update.settings = true;
  }
  return update;
}

}  // namespace sallyport
