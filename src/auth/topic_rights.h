// TopicRights: what one admitted client may do, kept with its session. Superuser, then
// the token's own rules, then the settings', then [topics] no_match.
//
// The settings' rules are filled for the client when it is first asked about, and again
// when the settings change; every other check allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/decision.h"
#include "auth/gate_snapshot.h"
#include "rules/topic_rules.h"

namespace sallyport {

enum class TopicVerdict : std::uint8_t { allow, deny, defer };
// Whose word it was.
enum class TopicBasis : std::uint8_t { superuser, token, settings, no_match };

// The rights of one client written out, for brokers that keep them: the first that fits wins, `rest` is for what none
// fits.
struct ListedRights {
  struct Right {
    TopicRule rule;
    std::string filter;
    bool exact = false;  // the filter itself, and not what it matches
  };
  std::vector<Right> rights;
  TopicVerdict rest = TopicVerdict::deny;
};

class TopicRights {
 public:
  // Of somebody who was not admitted: nothing but what no_match gives.
  TopicRights() = default;
  TopicRights(const Decision& decision, std::string_view client_id);

  // As bytes for another node; from_record() gives nothing where they are not whole.
  void append_record(std::string& out) const;
  static std::optional<TopicRights> from_record(std::string_view record);

  // One thread at a time. `policy`: GateSnapshot::topics.
  TopicVerdict check(const TopicRequest& request, const std::shared_ptr<const TopicPolicy>& policy,
                     TopicBasis* basis = nullptr) const;
  // Nothing where no list says the same (may_grant).
  std::optional<ListedRights> list(const std::shared_ptr<const TopicPolicy>& policy) const;

 private:
  void follow(const std::shared_ptr<const TopicPolicy>& policy) const;

  bool superuser_ = false, principal_verified_ = false, client_id_bound_ = false;
  std::string principal_, client_id_;
  std::vector<std::string> groups_;
  std::shared_ptr<const TopicRules> token_rules_;
  // What `policy_` means for this client.
  mutable std::shared_ptr<const TopicPolicy> policy_;
  mutable std::shared_ptr<const TopicRules> settings_rules_;
};

// Topics that need a rule which names them: $SYS and $CONTROL. `topic` may be a filter, shared or not.
bool is_reserved_topic(std::string_view topic) noexcept;

}  // namespace sallyport
