// What a broker that keeps them is told of a client: attributes, and rights in its own
// form. A form that cannot say the same says nothing, or less; never more.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/topic_rights.h"

namespace sallyport::daemon {

using Attributes = std::vector<std::pair<std::string, std::string>>;

// ,"NAME":{"site":"plant-7"}; nothing where there are none.
void append_attributes(std::string& out, std::string_view name, const Attributes& attributes);

// EMQX's ,"acl":[…]; nothing where its rules would mean something else: then EMQX asks about each topic.
void append_emqx_acl(std::string& out, const ListedRights& rights);

// Regular expressions as TBMQ matches them with topics and filters; nothing where these rights have no such form.
struct TopicPatterns {
  std::vector<std::string> publish, subscribe;
};
std::optional<TopicPatterns> topic_patterns(const ListedRights& rights);

}  // namespace sallyport::daemon
