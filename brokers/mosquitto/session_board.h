// SessionBoard: who is connected, for those who ask over the control socket. The broker's
// thread writes to it as clients come and go; whoever reads takes a small piece at a
// time, so that the broker waits for microseconds at most.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "brokers/mosquitto/sessions.h"

namespace sallyport::mosquitto {

class SessionBoard {
 public:
  using Client = const ::mosquitto*;
  // The broker's thread. In the place of what this id had; `taken` only what this pointer had.
  void entered(std::string_view id, Client client, const Session& session) noexcept;
  void taken(std::string_view id, Client client) noexcept;

  // {"after":…,"search":…,"client_id":…,"limit":…} -> {"sessions":[…]}, in the order of the client id.
  Result<nlohmann::json> list(const nlohmann::json& request) const;
  // {"from":…,"width":…,"buckets":…} -> how many end when.
  Result<nlohmann::json> ends(const nlohmann::json& request) const;
  // {"labels":[…]} -> {"counts":[…]}: how many came in by a token that the key of each label verified.
  Result<nlohmann::json> by_key(const nlohmann::json& request) const;

 private:
  struct Entry {
    Client client = nullptr;  // compared, never followed
    Standing standing{};
    Authenticator authenticator{};
    bool principal_verified = false;
    std::string principal, username, address;
    UnixSeconds since = 0;
    std::optional<UnixSeconds> expires_at, ends_at;
    Mark key;
  };
  // Each entry after `after`, a piece at a time; stops where `visit` says false.
  template <class Visit>
  void walk(std::string after, Visit&& visit) const;
  static nlohmann::json to_json(const std::string& id, const Entry& entry);

  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sallyport::mosquitto
