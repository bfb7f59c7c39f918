// The claims of a verified token, as an issuer that is careless or bent writes them: acl, scope, groups.
#include <cstddef>
#include <cstdint>
#include <string>

#include "codec/json.h"
#include "promise.h"
#include "rules/token_rights.h"
#include "rules/topic_filter.h"

namespace sallyport {
namespace {

constexpr std::string_view kOutside = "elsewhere/a";

RightsPolicy policy(bool limited) {
  RightsPolicy made;
  made.scope_patterns.push_back(ScopePattern::compile("mqtt.{action}:{topic}").value());
  if (limited) made.may_grant = {"site-7/#"};
  return made;
}

void look(const JsonValue& claims) {
  static const RightsPolicy open = policy(false), limited = policy(true);
  for (const RightsPolicy* one : {&open, &limited}) {
    const auto rights = read_token_rights(claims, *one, {"user", "client", std::nullopt});
    if (!rights) {
      promise(rights.error() == Reason::malformed_rights || rights.error() == Reason::unsupported_condition,
              "a refusal is one of two");
      continue;
    }
    if (!*rights) continue;
    promise((*rights)->memory_bytes() < (4U << 20), "a token makes nobody hold megabytes");
    for (const TopicAction action : {TopicAction::publish, TopicAction::subscribe, TopicAction::receive}) {
      for (const std::string_view topic : {std::string_view("site-7/a"), kOutside, std::string_view("$SYS/x")}) {
        const TopicAnswer answer = (*rights)->check({action, topic, 1, false, "192.0.2.7"});
        if (one == &limited && topic != "site-7/a") promise(answer != TopicAnswer::allow, "no right beyond may_grant");
      }
      promise((*rights)->check({action, "", 1, false, ""}) == TopicAnswer::deny, "no topic, no right");
    }
  }
  read_groups(claims, {ClaimPath("groups"), ClaimPath("/realm/roles"), ClaimPath("scope")});
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  sallyport::JsonTape tape;
  if (tape.parse(text.data(), text.size()) != sallyport::JsonError::none) return 0;
  sallyport::look(tape.root());
  return 0;
}
