#include "rules/token_rights.h"

#include "codec/base64url.h"

namespace sallyport {
namespace {

using Done = Result<void, Reason>;

Done malformed() { return unexpected(Reason::malformed_rights); }
Done unsupported() { return unexpected(Reason::unsupported_condition); }

struct Reader {
  TopicRules::Builder& rules;
  const TopicValues& values;
  std::string filled{};

  // A topic of the rule that was begun last. "eq " is the rule's own word: it is read before values are filled in.
  Done add_topic(std::string_view source, bool allows, bool knows_eq) {
    const bool exact = knows_eq && source.starts_with("eq ");
    if (exact) source.remove_prefix(3);
    if (source.empty()) return malformed();
    switch (fill_topic(source, values, allows ? FillFor::allow : FillFor::deny, filled)) {
      case FillResult::filled:
        return rules.add_filter(filled, exact);
      case FillResult::unfit:
        return {};
      case FillResult::unknown:
        return unsupported();
    }
    return malformed();
  }

  Done add_topics(const JsonValue& list, bool allows, bool knows_eq) {
    if (!list.is_array()) return malformed();
    for (JsonValue::Cursor c = list.begin(); c.valid(); c.advance()) {
      const auto topic = c.value().string();
      if (!topic) return malformed();
      if (Done added = add_topic(*topic, allows, knows_eq); !added) return added;
    }
    return {};
  }
};

// -- {"pub","sub","all"}
// -----------------------------------------------------------------------------------------------

Done read_lists(const JsonValue& acl, Reader& reader) {
  for (JsonValue::Cursor c = acl.begin(); c.valid(); c.advance()) {
    const std::string_view name = c.name();
    TopicRule rule;
    if (name == "pub")
      rule.actions = kMayPublish;
    else if (name == "sub")
      rule.actions = kMaySubscribe;
    else if (name == "all")
      rule.actions = kMayBoth;
    else
      return unsupported();
    reader.rules.begin_rule(rule);
    if (Done added = reader.add_topics(c.value(), true, true); !added) return added;
  }
  reader.rules.close();
  return {};
}

// -- [{"permission",…}]
// ------------------------------------------------------------------------------------------------

// 0, "0", [0, 1], ["0"], "0,1".
std::optional<std::uint8_t> read_qos(const JsonValue& value) {
  const auto one = [](std::string_view text) -> std::uint8_t {
    return text == "0" ? 1 : text == "1" ? 2 : text == "2" ? 4 : 0;
  };
  std::uint8_t bits = 0;
  const auto add = [&](std::string_view text) {
    bits = static_cast<std::uint8_t>(bits | one(text));
    return one(text) != 0;
  };
  if (value.is_array()) {
    for (JsonValue::Cursor c = value.begin(); c.valid(); c.advance())
      if (!(c.value().is_number() || c.value().is_string()) || !add(c.value().text())) return std::nullopt;
    return bits;
  }
  if (value.is_number()) return add(value.text()) ? std::optional(bits) : std::nullopt;
  if (!value.is_string()) return std::nullopt;
  for (std::string_view rest = value.text();;) {
    const std::size_t comma = rest.find(',');
    if (!add(rest.substr(0, comma))) return std::nullopt;
    if (comma == std::string_view::npos) return bits;
    rest.remove_prefix(comma + 1);
  }
}

// true, false, 1, 0, the same as text, or "all".
bool read_retain(const JsonValue& value, std::optional<bool>& out) {
  const std::string_view text = value.is_array() || value.is_object() ? std::string_view{} : value.text();
  if (text == "all") return true;
  if (text == "true" || text == "1")
    out = true;
  else if (text == "false" || text == "0")
    out = false;
  else
    return false;
  return true;
}

struct RuleText {
  TopicRule rule;
  std::optional<JsonValue> permission, action, topic, topics;
};

Done read_condition(std::string_view name, const JsonValue& value, TopicRule& rule) {
  if (name != "qos" && name != "retain" && name != "ipaddr") return unsupported();
  if (value.is_null()) return {};  // issuers write null for "any"
  if (name == "qos") {
    const auto bits = read_qos(value);
    if (!bits) return malformed();
    rule.qos = *bits;
  } else if (name == "retain") {
    if (!read_retain(value, rule.retain)) return malformed();
  } else {
    rule.peer = value.string() ? IpRange::parse(*value.string()) : std::nullopt;
    if (!rule.peer) return malformed();
  }
  return {};
}

Done read_rule(const JsonValue& object, Reader& reader) {
  if (!object.is_object()) return malformed();
  RuleText text;
  for (JsonValue::Cursor c = object.begin(); c.valid(); c.advance()) {
    const std::string_view name = c.name();
    if (name == "permission")
      text.permission = c.value();
    else if (name == "action")
      text.action = c.value();
    else if (name == "topic")
      text.topic = c.value();
    else if (name == "topics")
      text.topics = c.value();
    else if (Done read = read_condition(name, c.value(), text.rule); !read)
      return read;
  }
  const auto word = [](const std::optional<JsonValue>& value) {
    return value ? value->string().value_or("") : std::string_view{};
  };
  const std::string_view permission = word(text.permission);
  if (permission != "allow" && permission != "deny") return malformed();
  text.rule.allows = permission == "allow";
  const auto actions = topic_actions_from_name(word(text.action));
  if (!actions) return malformed();
  text.rule.actions = *actions;
  if (text.topic.has_value() == text.topics.has_value()) return malformed();
  reader.rules.begin_rule(text.rule);
  if (text.topics) return reader.add_topics(*text.topics, text.rule.allows, true);
  const auto topic = text.topic->string();
  return topic ? reader.add_topic(*topic, text.rule.allows, true) : malformed();
}

Done read_acl(const JsonValue& acl, Reader& reader) {
  if (acl.is_object()) return read_lists(acl, reader);
  if (!acl.is_array()) return malformed();
  for (JsonValue::Cursor c = acl.begin(); c.valid(); c.advance())
    if (Done read = read_rule(c.value(), reader); !read) return read;
  return {};
}

// -- scope
// -------------------------------------------------------------------------------------------------------------

Done read_aif(const JsonValue& aif, Reader& reader) {
  for (JsonValue::Cursor c = aif.begin(); c.valid(); c.advance()) {
    const JsonValue pair = c.value();
    if (!pair.is_array() || pair.size() != 2) return malformed();
    JsonValue::Cursor part = pair.begin();
    const auto topic = part.value().string();
    part.advance();
    const JsonValue permissions = part.value();
    if (!topic || !permissions.is_array()) return malformed();
    TopicRule rule;
    rule.actions = 0;
    for (JsonValue::Cursor p = permissions.begin(); p.valid(); p.advance()) {
      const std::string_view name = p.value().string().value_or("");
      if (name != "pub" && name != "sub") return malformed();
      rule.actions = static_cast<TopicActions>(rule.actions | (name == "pub" ? kMayPublish : kMaySubscribe));
    }
    reader.rules.begin_rule(rule);
    if (Done added = reader.add_topic(*topic, true, false); !added) return added;
  }
  reader.rules.close();
  return {};
}

Done read_words(std::string_view words, const std::vector<ScopePattern>& patterns, Reader& reader) {
  while (!words.empty()) {
    const std::size_t space = words.find(' ');
    const std::string_view word = words.substr(0, space);
    words.remove_prefix(space == std::string_view::npos ? words.size() : space + 1);
    for (const ScopePattern& pattern : patterns) {
      const auto right = pattern.read(word);
      if (!right) continue;
      TopicRule rule;
      rule.actions = right->actions;
      reader.rules.begin_rule(rule);
      if (Done added = reader.add_topic(right->topic, true, false); !added) return added;
      reader.rules.close();
      break;
    }
  }
  return {};
}

// "[[": nobody's scope word by chance. It was meant as AIF, and what cannot be read must not pass for "no rights
// given".
bool looks_like_aif(std::string_view text) {
  const std::size_t second = text.find_first_not_of(" \t\r\n", 1);
  return second != std::string_view::npos && text[second] == '[';
}

Done read_scope(const JsonValue& scope, const RightsPolicy& policy, Reader& reader) {
  if (const auto text = scope.string()) {
    if (auto decoded = decode_base64url(*text); decoded && decoded->starts_with('[')) {
      JsonTape tape;
      if (tape.parse(decoded->data(), decoded->size()) == JsonError::none && tape.root().is_array())
        return read_aif(tape.root(), reader);
      if (looks_like_aif(*decoded)) return malformed();
    } else if (text->starts_with("W1si")) {  // [[" in base64url, and then broken
      return malformed();
    }
    return read_words(*text, policy.scope_patterns, reader);
  }
  if (!scope.is_array()) return {};  // some identity provider's own; it was never about topics
  if (scope.size() > 0 && scope.begin().value().is_array()) return read_aif(scope, reader);
  for (JsonValue::Cursor c = scope.begin(); c.valid(); c.advance())
    if (const auto word = c.value().string())
      if (Done read = read_words(*word, policy.scope_patterns, reader); !read) return read;
  return {};
}

}  // namespace

Result<ScopePattern> ScopePattern::compile(std::string_view text) {
  constexpr std::string_view action = "{action}", topic = "{topic}";
  const std::size_t a = text.find(action), t = text.find(topic);
  const bool good = a != std::string_view::npos && t != std::string_view::npos && a + action.size() < t &&
                    t + topic.size() == text.size() && text.find_first_of(" \"\\") == std::string_view::npos;
  if (!good)
    return unexpected(invalid("a scope pattern needs {action}, then something, then {topic} at its end, without spaces",
                              "for scopes such as mqtt.publish:devices/%c/# write \"mqtt.{action}:{topic}\""));
  ScopePattern made;
  made.source_ = text;
  made.before_ = text.substr(0, a);
  made.between_ = text.substr(a + action.size(), t - a - action.size());
  return made;
}

std::optional<ScopePattern::Right> ScopePattern::read(std::string_view word) const noexcept {
  if (!word.starts_with(before_)) return std::nullopt;
  word.remove_prefix(before_.size());
  const std::size_t end = word.find(between_);
  if (end == std::string_view::npos) return std::nullopt;
  const auto actions = topic_actions_from_name(word.substr(0, end));
  const std::string_view topic = word.substr(end + between_.size());
  if (!actions || topic.empty()) return std::nullopt;
  return Right{*actions, topic};
}

Result<std::shared_ptr<const TopicRules>, Reason> read_token_rights(const JsonValue& claims, const RightsPolicy& policy,
                                                                    TopicValues values) {
  if (const auto attributes = claims.find("client_attrs"); attributes && attributes->is_object())
    values.client_attributes = *attributes;
  TopicRules::Builder rules;
  Reader reader{rules, values};
  if (!policy.acl.text().empty())
    if (const auto acl = policy.acl.find(claims))
      if (const Done read = read_acl(*acl, reader); !read) return unexpected(Reason{read.error()});
  if (!policy.scope.text().empty())
    if (const auto scope = policy.scope.find(claims))
      if (const Done read = read_scope(*scope, policy, reader); !read) return unexpected(Reason{read.error()});
  if (rules.empty()) return std::shared_ptr<const TopicRules>{};
  if (policy.may_grant) rules.limit_to(*policy.may_grant);
  return rules.build();
}

std::vector<std::string> read_groups(const JsonValue& claims, const std::vector<ClaimPath>& paths) {
  constexpr std::size_t most = 1024;
  std::vector<std::string> groups;
  const auto add = [&](std::string_view group) {
    if (!group.empty() && groups.size() < most) groups.emplace_back(group);
  };
  for (const ClaimPath& path : paths) {
    const auto value = path.find(claims);
    if (!value) continue;
    if (value->is_array()) {
      for (JsonValue::Cursor c = value->begin(); c.valid(); c.advance()) add(c.value().string().value_or(""));
    } else if (std::string_view words = value->string().value_or(""); !words.empty()) {
      for (std::size_t space = 0; space != std::string_view::npos;
           words.remove_prefix(space == std::string_view::npos ? words.size() : space + 1)) {
        space = words.find(' ');
        add(words.substr(0, space));
      }
    }
  }
  return groups;
}

}  // namespace sallyport
