#include "engine/store_follower.h"

#include <unordered_map>

namespace sallyport {

namespace {
// Strangers make up names: they get no room that users could have.
std::size_t most_absent(std::size_t most_users) { return 50'000 + most_users / 8; }
}  // namespace

StoreFollower::StoreFollower(std::string url, std::size_t most) : url_(std::move(url)), most_(most) {
  if (url_.empty()) users_ = std::make_shared<const UserDirectory>();
}

Result<StoreFollower::Update> StoreFollower::load_all() {
  UserDirectory::Builder builder;
  BarList::Builder bars;
  Result<StoreChanges> loaded = store_->load([&](const UserRecord& user) { builder.add(user); }, most_,
                                             [&](const BarRecord& bar) { bars.add(bar); });
  if (!loaded) return unexpected(std::move(loaded.error()));
  Update update{.users = true, .bars = true};
  users_ = builder.build();
  absent_ = loaded->too_many ? std::make_shared<const UserDirectory>() : nullptr;
  bars_ = bars.build();
  sequence_ = loaded->sequence;
  update.settings =
      loaded->settings.has_value() != settings_.has_value() ||
      (settings_ && (settings_->number != loaded->settings->number || settings_->toml != loaded->settings->toml));
  settings_ = std::move(loaded->settings);
  return update;
}

void StoreFollower::apply(const std::vector<UserChange>& changes) {
  users_ = users_->with(changes);
  if (absent_) {
    std::vector<UserChange> gone;
    for (const UserChange& change : changes) {
      gone.push_back({change.username, std::nullopt});
      if (!change.record) gone.back().record = UserRecord{change.username, "-", false, false, 0};
    }
    absent_ = absent_->with(gone);
  }
  keep_within_bounds();
}

void StoreFollower::keep_within_bounds() {
  if (users_->size() > most_) {
    // The store has grown beyond the bound: what is here is a part from now on.
    if (!absent_) absent_ = std::make_shared<const UserDirectory>();
    users_ = users_->thinned(most_ - most_ / 16, turn_ += 257);
  }
  if (absent_ && absent_->size() > most_absent(most_)) absent_ = std::make_shared<const UserDirectory>();
}

Result<StoreFollower::Update> StoreFollower::fetch(const std::vector<std::string>& usernames) {
  if (!absent_ || !store_) return Update{};
  // On the one connection that also follows: what is read here is never older than what was read before.
  Result<std::vector<UserRecord>> found = store_->find_users(usernames);
  if (!found) return unexpected(std::move(found.error()));
  std::unordered_map<std::string_view, UserRecord*> by_name;
  for (UserRecord& user : *found) by_name.emplace(user.username, &user);
  std::vector<UserChange> changes;
  for (const std::string& name : usernames) {
    const auto user = by_name.find(name);
    changes.push_back({name, user == by_name.end() ? std::nullopt : std::optional(*user->second)});
  }
  apply(changes);
  Update update;
  update.users = true;
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
  if (changes->bars_from_scratch) {
    BarList::Builder bars;
    if (Result<void> read = store_->load_bars([&](const BarRecord& bar) { bars.add(bar); }); !read)
      return failed(read.error());
    bars_ = bars.build();
    update.bars = true;
  } else if (!changes->bars.empty()) {
    bars_ = bars_->with(changes->bars);
    update.bars = true;
  }
  sequence_ = changes->sequence;
  if (!changes->users.empty()) {
    apply(changes->users);
    update.users = true;
  }
  if (changes->settings) {
    settings_ = std::move(changes->settings);
    update.settings = true;
  }
  return update;
}

bool StoreFollower::sweep(UnixSeconds now) {
  std::shared_ptr<const BarList> swept = bars_->without_those_over(now);
  if (!swept) return false;
  bars_ = std::move(swept);
  return true;
}

}  // namespace sallyport
