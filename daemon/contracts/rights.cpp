#include "daemon/contracts/rights.h"

#include <fmt/format.h>

#include "codec/json.h"

namespace sallyport::daemon {
namespace {

using Right = ListedRights::Right;

bool speaks_of_reserved(const Right& right) {
  return right.filter.starts_with("$SYS/") || right.filter.starts_with("$CONTROL/");
}

// EMQX fills placeholders in the topics of its rules, and a subscription to "a/#" fits its rule for "a/+".
bool emqx_reads_it_alike(const Right& right) {
  if (!right.rule.allows || right.rule.peer) return false;
  if (right.filter.find("${") != std::string::npos || right.filter.find('%') != std::string::npos) return false;
  if (!right.exact && right.filter.starts_with("eq ")) return false;
  const bool last_is_plus = right.filter == "+" || right.filter.ends_with("/+");
  return right.exact || !last_is_plus || !(right.rule.actions & kMaySubscribe);
}

std::string_view action_word(TopicActions actions) {
  return actions == kMayPublish ? "publish" : actions == kMaySubscribe ? "subscribe" : "all";
}

void append_emqx_rule(std::string& out, const Right& right) {
  out += fmt::format(R"({{"permission":"allow","action":"{}","topic":)", action_word(right.rule.actions));
  append_json_string(out, (right.exact ? "eq " : "") + right.filter);
  if (right.rule.qos != 0b111) {
    out += ",\"qos\":[";
    bool first = true;
    for (int qos = 0; qos <= 2; ++qos) {
      if (!(right.rule.qos >> qos & 1)) continue;
      out += fmt::format("{}{}", first ? "" : ",", qos);
      first = false;
    }
    out += ']';
  }
  if (right.rule.retain) out += fmt::format(",\"retain\":{}", *right.rule.retain);
  out += '}';
}

// A filter as a regular expression. `for_filters`: it is matched with the text of another filter, in which "#" must fit
// nothing but "#".
std::string pattern_of(const Right& right, bool for_filters) {
  std::string out;
  // MQTT 4.7.2: a wildcard at the beginning fits no topic that begins with "$".
  if (!right.exact && (right.filter.starts_with('+') || right.filter.starts_with('#'))) out += R"((?!\$))";
  const std::string_view filter = right.filter;
  const auto append_literal = [&out](char c) {
    if (std::string_view(R"(\^$.|?*+()[]{})").find(c) != std::string_view::npos) out += '\\';
    out += c;
  };
  for (std::size_t i = 0; i < filter.size(); ++i) {
    const bool alone = (i == 0 || filter[i - 1] == '/') && (i + 1 == filter.size() || filter[i + 1] == '/');
    if (right.exact || !alone || (filter[i] != '+' && filter[i] != '#')) {
      // "a/#" fits "a" too.
      if (!right.exact && filter.substr(i) == "/#") {
        out += "(/.*)?";
        break;
      }
      append_literal(filter[i]);
    } else {
      out += filter[i] == '#' ? ".*" : for_filters ? "[^/#]*" : "[^/]*";
    }
  }
  return out;
}

}  // namespace

void append_attributes(std::string& out, std::string_view name, const Attributes& attributes) {
  if (attributes.empty()) return;
  out += fmt::format(",\"{}\":{{", name);
  bool first = true;
  for (const auto& [key, value] : attributes) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
  }
  out += '}';
}

void append_emqx_acl(std::string& out, const ListedRights& listed) {
  std::string rules;
  for (const Right& right : listed.rights) {
    // The denial of what nobody may falls through to the authorizer, who says so.
    if (!right.rule.allows && listed.rest == TopicVerdict::allow && speaks_of_reserved(right)) continue;
    if (!emqx_reads_it_alike(right)) return;
    if (!rules.empty()) rules += ',';
    append_emqx_rule(rules, right);
  }
  // What no rule fits is asked about, unless it is denied for certain.
  if (listed.rest == TopicVerdict::deny) {
    if (!rules.empty()) rules += ',';
    rules += R"({"permission":"deny","action":"all","topic":"#"})";
  }
  if (!rules.empty()) out += ",\"acl\":[" + rules + "]";
}

std::optional<TopicPatterns> topic_patterns(const ListedRights& listed) {
  TopicPatterns out;
  for (const Right& right : listed.rights) {
    if (!right.rule.allows && listed.rest == TopicVerdict::allow && speaks_of_reserved(right)) continue;
    // No pattern takes away what another gives, and none knows QoS, retain or address.
    if (!right.rule.allows || right.rule.peer || right.rule.qos != 0b111 || right.rule.retain) return std::nullopt;
    if (right.rule.actions & kMayPublish) out.publish.push_back(pattern_of(right, false));
    if (right.rule.actions & kMaySubscribe) out.subscribe.push_back(pattern_of(right, true));
  }
  if (listed.rest == TopicVerdict::defer) return std::nullopt;
  if (listed.rest == TopicVerdict::allow)
    for (auto* list : {&out.publish, &out.subscribe}) list->push_back(R"((?!\$(SYS|CONTROL)(/|$)).*)");
  return out;
}

}  // namespace sallyport::daemon
