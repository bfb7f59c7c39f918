// What an admitted client may publish and subscribe, as later questions ask it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "auth/topic_rights.h"
#include "bars/token_names.h"
#include "base/clock.h"
#include "base/modes.h"
#include "rules/topic_rules.h"

namespace sallyport::daemon {

// The rights of one client, which any worker may be asked about.
class SharedRights {
 public:
  void append_record(std::string& out) const { rights_.append_record(out); }
  explicit SharedRights(TopicRights rights) : rights_(std::move(rights)) {}
  TopicVerdict check(const TopicRequest& request, const std::shared_ptr<const TopicPolicy>& policy) const {
    const std::lock_guard lock(mutex_);
    return rights_.check(request, policy);
  }

 private:
  mutable std::mutex mutex_;
  TopicRights rights_;
};

// Who was let in, as what, and until when: all that a later question can be answered from.
struct Admission {
  bool is_superuser = false;
  Authenticator authenticator = Authenticator::none;
  std::optional<UnixSeconds> ends_at;  // exp and leeway, or the longest session
  std::int64_t at_ms = 0;              // when it was decided; of two of one client the later one counts
  TokenNames names;                    // of the token that let him in: what a later revocation hits
  Mark key;                            // of the key that verified it, where that was in this process
  std::shared_ptr<const SharedRights> rights;
};

// The name of one client's connection. A tenant is a vhost or a mount point.
struct ClientName {
  std::string_view tenant, username, client_id;
};

// allow, deny, or ignore: nobody here speaks of this topic, and settings leave it to others.
Verdict judge_topic(const Admission& admission, const TopicRequest& request,
                    const std::shared_ptr<const TopicPolicy>& policy);

}  // namespace sallyport::daemon
