// The topics of rules, with what a client is called in the place of placeholders:
// %u and ${username}, %c and ${clientid}, ${client_attrs.X}. Filled once, in one pass.
//
// A client chooses its own client id. One named "#", "+", "a/b" or "$SYS" must not turn
// "devices/%c" into more than one level of that very name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/json.h"

namespace sallyport {

struct TopicValues {
  std::optional<std::string_view> username, client_id;
  std::optional<JsonValue> client_attributes;  // the token's own client_attrs
};

enum class FillResult {
  filled,
  unfit,    // a value is absent, empty, or cannot stand in a topic: the filter is for no topic of this client's
  unknown,  // a placeholder that does not exist, or "${" without "}"
};

enum class FillFor {
  allow,  // a "/" in a value would reach into somebody else's levels: unfit
  deny,   // a "/" is taken as it stands: what is denied is just what the rule says of this client
};

// Writes the filter to `out`. Values with "+", "#" or NUL are unfit; so is what grows longer than a topic can be.
FillResult fill_topic(std::string_view source, const TopicValues& values, FillFor purpose, std::string& out);

bool has_placeholder(std::string_view source) noexcept;

}  // namespace sallyport
