#include "config/schema_topics.h"

#include <fmt/format.h>

#include "rules/attributes.h"
#include "rules/token_rights.h"
#include "rules/topic_filter.h"

namespace sallyport {
namespace {

constexpr std::size_t kMaxTopicRules = 4096;

// A claim's name, or "" for none.
bool read_claim(const TomlNode& node, ValueReader& reader, std::string& out) {
  if (node.type == TomlType::text && node.text.empty()) {
    out.clear();
    return true;
  }
  std::string claim;
  if (!reader.text(node, claim) || !reader.claim_name(node.place, claim)) return false;
  out = std::move(claim);
  return true;
}

void set_scope_patterns(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> patterns;
  if (!reader.text_or_list(node, patterns)) return;
  for (const std::string& pattern : patterns)
    if (const auto compiled = ScopePattern::compile(pattern); !compiled)
      return reader.fault(node.place, compiled.error());
  s.jwt.scope_patterns = std::move(patterns);
}

void set_groups_claims(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> claims;
  if (!reader.text_or_list(node, claims)) return;
  for (const std::string& claim : claims)
    if (!reader.claim_name(node.place, claim)) return;
  s.jwt.groups_claims = std::move(claims);
}

void set_may_grant(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> filters;
  if (!reader.text_or_list(node, filters)) return;
  for (const std::string& filter : filters)
    if (!is_topic_filter(filter))
      return reader.fault(node.place, fmt::format("no topic filter: {}", toml_quote(filter)),
                          "\"#\" stands alone at the end, \"+\" alone between slashes; there are no placeholders here");
  s.jwt.may_grant = std::move(filters);
}

void set_topics_no_match(Settings& s, const TomlNode& node, ValueReader& reader) {
  static constexpr Choice<NoMatch> choices[] = {
      {"allow", NoMatch::allow}, {"deny", NoMatch::deny}, {"defer", NoMatch::defer}};
  reader.choice(node, choices, s.topics.no_match);
}

bool read_qos(const TomlNode& node, ValueReader& reader, std::vector<int>& out) {
  const std::vector<TomlNode> alone{node};
  for (const TomlNode& one : node.type == TomlType::list ? node.items : alone) {
    if (one.type != TomlType::integer || one.integer < 0 || one.integer > 2) {
      reader.fault(one.place, "a QoS is 0, 1 or 2", "qos = 1, or qos = [0, 1]");
      return false;
    }
    out.push_back(static_cast<int>(one.integer));
  }
  return true;
}

bool read_rule(const TomlNode& node, ValueReader& reader, TopicRuleSetting& out) {
  if (!reader.table(node,
                    {"permission", "action", "topics", "qos", "retain", "ipaddr", "users", "client_ids", "groups"},
                    "a table with permission, action and topics"))
    return false;
  static constexpr Choice<bool> permissions[] = {{"allow", true}, {"deny", false}};
  static constexpr Choice<TopicActions> actions[] = {{"publish", kMayPublish},
                                                     {"subscribe", kMaySubscribe},
                                                     {"all", kMayBoth},
                                                     {"pub", kMayPublish},
                                                     {"sub", kMaySubscribe}};
  bool good = true, permission = false;
  for (const TomlMember& member : node.members) {
    const TomlNode& value = member.value;
    bool flag = false, read = true;
    if (member.key == "permission") {
      permission = true;
      read = reader.choice(value, permissions, out.allows);
    } else if (member.key == "action") {
      read = reader.choice(value, actions, out.actions);
    } else if (member.key == "topics") {
      read = reader.text_or_list(value, out.topics);
    } else if (member.key == "qos") {
      read = read_qos(value, reader, out.qos);
    } else if (member.key == "retain") {
      read = reader.boolean(value, flag);
      if (read) out.retain = flag;
    } else if (member.key == "ipaddr") {
      read = reader.text(value, out.ipaddr);
    } else {
      std::vector<std::string>& list = member.key == "users"        ? out.users
                                       : member.key == "client_ids" ? out.client_ids
                                                                    : out.groups;
      read = reader.text_or_list(value, list);
      // An empty list reads as "nobody" to one person and as "everybody" to the next.
      if (read && list.empty()) {
        reader.fault(value.place, "the list is empty",
                     "name somebody, or take the line out: the rule is then for everybody");
        read = false;
      }
    }
    good = good && read;
  }
  if (good && !permission) {
    reader.fault(node.place, "the rule does not say whether it allows or denies",
                 "permission = \"allow\" or permission = \"deny\"");
    return false;
  }
  // What a rule's own compiler finds is said at the rule, not at the start of the first client.
  if (good)
    if (const auto compiled = SettingsTopicRules::compile({out}); !compiled) {
      reader.fault(node.place, invalid(compiled.error().cause, compiled.error().hint));
      return false;
    }
  return good;
}

void set_topic_rules(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type != TomlType::list)
    return reader.fault(node.place, fmt::format("expected a list of tables, found {}", name(node.type)),
                        "write [[topic_rules]] above each of them");
  if (node.items.size() > kMaxTopicRules)
    return reader.fault(node.place, "there are more than 4096 topic rules", "give rights by token");
  std::vector<TopicRuleSetting> rules;
  bool good = true;
  for (const TomlNode& item : node.items) good = read_rule(item, reader, rules.emplace_back()) && good;
  // A denial that is left out would be a right.
  if (good) s.topic_rules = std::move(rules);
}

void set_attributes(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type != TomlType::table)
    return reader.fault(node.place, fmt::format("expected a table of attributes, found {}", name(node.type)),
                        "for example: attributes = { site = \"/site\" }");
  if (node.members.size() > kMaxAttributes)
    return reader.fault(node.place, fmt::format("there are more than {} attributes", kMaxAttributes));
  std::vector<std::pair<std::string, std::string>> attributes;
  for (const TomlMember& member : node.members) {
    // EMQX takes no other characters, and would refuse the client for them.
    if (!is_attribute_name(member.key))
      return reader.fault(member.place, "an attribute's name is more than letters, digits, - and _, or too long",
                          "write for example: site = \"/site\"");
    std::string claim;
    if (!reader.text(member.value, claim) || !reader.claim_name(member.value.place, claim)) return;
    attributes.emplace_back(member.key, std::move(claim));
  }
  s.jwt.attributes = std::move(attributes);
}

const Setting kRights[] = {
    {"jwt.acl_claim", "a claim name", "\"acl\"",
     "The claim with a token's topic rights: {\"pub\":[...],\"sub\":[...],\"all\":[...]}, or a list of rules with "
     "permission, action, topic or topics, qos, retain and ipaddr.\nA claim that cannot be read refuses the token. "
     "Empty: not looked at.",
     "\"/mqtt/acl\"", [](Settings& s, const TomlNode& n, ValueReader& r) { read_claim(n, r, s.jwt.acl_claim); }},
    {"jwt.scope_claim", "a claim name", "\"scope\"",
     "The claim with a token's scope: topic rights as RFC 9237 writes them, or OAuth's words, read by "
     "scope_patterns.\nEmpty: not looked at.",
     "\"scp\"", [](Settings& s, const TomlNode& n, ValueReader& r) { read_claim(n, r, s.jwt.scope_claim); }},
    {"jwt.scope_patterns", "text or a list of texts", "[]",
     "How a word of an OAuth scope says a right: {action} is publish, subscribe, all, pub or sub, {topic} the rest of "
     "the word.\nWords that fit none say nothing of topics.",
     "[\"mqtt.{action}:{topic}\"]", set_scope_patterns},
    {"jwt.may_grant", "a list of topic filters", "",
     "The most that tokens can give: a right beyond these filters is none.\nNot set: no limit. An empty list: tokens "
     "give no right.\nIt bounds topics alone: whom a token is for is its issuer's to say.",
     "[\"site-7/#\"]", set_may_grant},
    {"jwt.groups_claims", "a list of claim names", "[]",
     "The claims that put a token's holder into groups, of which [[topic_rules]] speak: arrays of texts, or one text "
     "of "
     "words.",
     "[\"/realm_access/roles\", \"groups\"]", set_groups_claims},
    {"jwt.superuser_claim", "a claim name", "\"\"",
     "The claim that makes a superuser, who may do everything, where it is true.\nEmpty: no claim makes one. may_grant "
     "does not limit it.",
     "\"mqtt_admin\"", [](Settings& s, const TomlNode& n, ValueReader& r) { read_claim(n, r, s.jwt.superuser_claim); }},
    {"jwt.attributes", "a table of name = \"claim\"", "{}",
     "What a broker that asks over HTTP is told of a client, for templates of topics and rules of its own (EMQX's "
     "client_attrs and the like): a name, and the claim that fills it.\nBeside these, what the token's own claim "
     "client_attrs says under other names. A claim that is no text, number or boolean fills nothing.",
     "{ site = \"/site\", line = \"line\" }", set_attributes},
};

const Setting kTopics[] = {
    {"topics.no_match", "\"allow\", \"deny\" or \"defer\"", "\"allow\"",
     "What happens where neither the client's token nor a rule speaks of a topic.\n\"allow\": it may, as in a broker "
     "without rules, but for $SYS and $CONTROL, which need a rule that names them; the broker's acl_file is never "
     "asked.\n\"deny\": it may not. \"defer\": the broker's acl_file or another plugin says; without one it may not.",
     "\"deny\"", set_topics_no_match},
    {"topic_rules", "a list of tables", "[]",
     "Rules for users and tokens alike; the first that fits wins, after what a token says for itself.\nEach has "
     "permission (allow, deny), action (publish, subscribe, all) and topics: filters in which %u is who the client is "
     "proved to be and %c its client id, where that is proved; \"eq \" before a topic means the filter itself.\nusers, "
     "client_ids and groups narrow it to some, qos, retain and ipaddr to some requests. The whole list counts as one "
     "setting.",
     "[{ permission = \"allow\", action = \"all\", topics = [\"devices/%u/#\"] }]", set_topic_rules},
};

void set_methods(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> methods;
  if (!reader.text_or_list(node, methods)) return;
  for (const std::string& method : methods)
    if (method.empty() || method.size() > 256)
      return reader.fault(node.place, "a method is a text of 1 to 256 bytes", "for example [\"JWT\"]");
  s.mqtt5.methods = std::move(methods);
}

constexpr std::int64_t kDay = 86'400;

const Setting kSession[] = {
    {"session.end_at_exp", "true or false", "true",
     "Whether a client whose token runs out (exp and leeway) is disconnected then, within a second.", "false",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.session.end_at_exp); }},
    {"session.max_session", "duration", "",
     "The longest that a client stays connected with a token without exp.\nNot set: no limit.", "\"12h\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) {
       std::int64_t seconds = 0;
       if (r.duration(n, seconds, 1, 36'500 * kDay)) s.session.max_session = seconds;
     }},
    {"session.notice", "duration", "\"1m\"",
     "How long before its end a client is told of it, on $CONTROL/sallyport/v1/notice, without having subscribed.\nA "
     "session that is shorter than twice this is told at half of it. 0: no client is told.",
     "\"5m\"", [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.session.notice, 0, 365 * kDay); }},
    {"mqtt5.methods", "a list of texts", "[\"JWT\", \"CUSTOM-JWT\", \"OAUTH2-JWT\"]",
     "The authentication methods of MQTT 5 whose data is a token. AUTH with a new one renews the session without "
     "another CONNECT.\nAn empty list: none, such a CONNECT is refused.",
     "[\"JWT\"]", set_methods},
};

}  // namespace

std::span<const Setting> session_settings() { return kSession; }
std::span<const Setting> rights_settings() { return kRights; }
std::span<const Setting> topic_settings() { return kTopics; }

}  // namespace sallyport
