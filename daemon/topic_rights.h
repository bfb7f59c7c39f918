// What an admitted client may publish and subscribe. The one place where the daemon asks for rights.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/modes.h"
#include "rules/topic_rules.h"

namespace sallyport::daemon {

// Who was let in, as what, and until when: all that a later question can be answered from.
struct Admission {
  std::string principal;
  bool is_superuser = false;
  Authenticator authenticator = Authenticator::none;
  std::optional<UnixSeconds> ends_at;  // exp and leeway
  std::shared_ptr<const TopicRules> rules;  // nothing: no rule of any kind, every topic is his
};

// The name of one client's connection. A tenant is a vhost or a mount point.
struct ClientName {
  std::string_view tenant, username, client_id;
};

bool topic_allowed(const Admission& admission, const TopicRequest& request);

}  // namespace sallyport::daemon
