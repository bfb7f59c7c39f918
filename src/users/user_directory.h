// UserDirectory: all users, immutable, structure-sharing. The next directory of a
// million users costs the few that changed. At most about 250 bytes a user.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "users/user_record.h"

namespace sallyport {

// Views into the directory; valid as long as it lives.
struct UserView {
  std::string_view username;
  std::string_view hash;
  bool enabled = true;
  bool is_superuser = false;
  std::uint64_t version = 0;
};

struct UserChange {
  std::string username;
  std::optional<UserRecord> record;  // nothing: deleted
};

class UserDirectory {
 public:
  UserDirectory();
  ~UserDirectory();
  // Never allocates, never waits; keyed hash, so that names cannot be chosen to collide.
  std::optional<UserView> find(std::string_view username) const noexcept;
  std::size_t size() const noexcept;
  std::size_t weak_hashes() const noexcept;
  std::size_t memory_bytes() const noexcept;
  // This directory with the changes applied, in order.
  std::shared_ptr<const UserDirectory> with(std::span<const UserChange> changes) const;
  // With at most so many: whole shards are left out, from a place on that `turn` chooses. For those who can fetch a
  // user again.
  std::shared_ptr<const UserDirectory> thinned(std::size_t most, std::size_t turn) const;

  // For the first load: add() millions, then build().
  class Builder;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

class UserDirectory::Builder {
 public:
  Builder();
  ~Builder();
  void add(const UserRecord& record);
  std::shared_ptr<const UserDirectory> build();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sallyport
