#include "users/user_shard.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "users/password_hash.h"

namespace sallyport {
namespace {
enum Flag : unsigned char { kEnabled = 1, kSuperuser = 2, kWeak = 4 };
}

void append_user(std::vector<char>& records, const UserView& user) {
  const std::uint64_t version = user.version;
  const auto name_length = static_cast<std::uint16_t>(std::min<std::size_t>(user.username.size(), 65535));
  const auto hash_length = static_cast<std::uint16_t>(std::min<std::size_t>(user.hash.size(), 65535));
  const auto flags = static_cast<char>((user.enabled ? kEnabled : 0) | (user.is_superuser ? kSuperuser : 0) |
                                       (is_weak_hash(user.hash) ? kWeak : 0));
  char head[kUserRecordHead];
  std::memcpy(head, &version, 8);
  std::memcpy(head + 8, &name_length, 2);
  std::memcpy(head + 10, &hash_length, 2);
  head[12] = flags;
  records.insert(records.end(), head, head + sizeof head);
  records.insert(records.end(), user.username.begin(), user.username.begin() + name_length);
  records.insert(records.end(), user.hash.begin(), user.hash.begin() + hash_length);
}

UserView user_at(const char* record) noexcept {
  UserView user;
  std::uint16_t name_length = 0, hash_length = 0;
  std::memcpy(&user.version, record, 8);
  std::memcpy(&name_length, record + 8, 2);
  std::memcpy(&hash_length, record + 10, 2);
  user.username = {record + kUserRecordHead, name_length};
  user.hash = {record + kUserRecordHead + name_length, hash_length};
  user.enabled = (record[12] & kEnabled) != 0;
  user.is_superuser = (record[12] & kSuperuser) != 0;
  return user;
}

std::size_t size_at(const char* record) noexcept {
  const UserView user = user_at(record);
  return kUserRecordHead + user.username.size() + user.hash.size();
}
bool is_weak_at(const char* record) noexcept { return (record[12] & kWeak) != 0; }

UserShard::UserShard(std::vector<char> records, const TableHash& hash_of) : records_(std::move(records)) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < records_.size(); at += size_at(&records_[at])) ++count;
  // Load of at most 3/4.
  const std::size_t room = std::bit_ceil(std::max<std::size_t>(count * 4 / 3 + 1, 4));
  slots_.resize(room);
  mask_ = static_cast<std::uint32_t>(room - 1);
  for (std::size_t at = 0; at < records_.size(); at += size_at(&records_[at])) {
    const UserView user = user_at(&records_[at]);
    const auto tag = static_cast<std::uint32_t>(hash_of(user.username));
    std::uint32_t i = tag & mask_;
    bool replaces = false;
    for (; slots_[i].place != 0; i = (i + 1) & mask_) {
      const char* other = &records_[slots_[i].place - 1];
      if (slots_[i].tag != tag || user_at(other).username != user.username) continue;
      replaces = true;
      weak_ -= is_weak_at(other) ? 1 : 0;
      break;
    }
    slots_[i] = {static_cast<std::uint32_t>(at + 1), tag};
    size_ += replaces ? 0 : 1;
    weak_ += is_weak_at(&records_[at]) ? 1 : 0;
  }
}

std::optional<UserView> UserShard::find(std::uint64_t hash, std::string_view username) const noexcept {
  const auto tag = static_cast<std::uint32_t>(hash);
  for (std::uint32_t i = tag & mask_; slots_[i].place != 0; i = (i + 1) & mask_) {
    if (slots_[i].tag != tag) continue;
    const UserView user = user_at(&records_[slots_[i].place - 1]);
    if (user.username == username) return user;
  }
  return std::nullopt;
}

}  // namespace sallyport
