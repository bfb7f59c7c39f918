#include "engine/key_status.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::size_t kMostLabels = 200;

void add_labels(const TokenAuthority& authority, std::vector<std::string>& out) {
  if (!authority.keys) return;
  const auto keys = authority.keys->keys();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i == kMostLabels) {
      out.push_back("and " + std::to_string(keys.size() - i) + " more");
      return;
    }
    out.push_back(keys[i]->label() + " (" + std::string(name(keys[i]->kind())) + ")");
  }
}

std::string source_words(const SourceReport& s) {
  return s.name.empty() ? "the key set " + s.address : "the key set of issuer " + s.name + " (" + s.address + ")";
}

std::string cause_words(const SourceReport& s) {
  if (!s.last_outcome) return "it has not been fetched yet";
  std::string out(name(*s.last_outcome));
  out += ": " + std::string(entry(*s.last_outcome).text);
  if (!s.last_detail.empty()) out += " (" + s.last_detail + ")";
  return out;
}

}  // namespace

std::vector<std::string> key_labels(const JwtPolicy& jwt) {
  std::vector<std::string> out;
  add_labels(jwt.plain, out);
  for (const TokenAuthority& authority : jwt.issuers) add_labels(authority, out);
  return out;
}

void add_key_health(const std::vector<SourceReport>& sources, const JwtPolicy& jwt, UnixSeconds now, Health& health) {
  if (!jwt.enabled) return;
  bool any_key = jwt.plain.keys && !jwt.plain.keys->empty();
  for (const TokenAuthority& authority : jwt.issuers) any_key = any_key || (authority.keys && !authority.keys->empty());
  for (const SourceReport& s : sources) {
    switch (s.state) {
      case SourceState::unavailable:
        (any_key ? health.degraded : health.not_ready)
            .push_back(source_words(s) + " has no keys here: " + cause_words(s) + "; see: sallyport keys doctor");
        break;
      case SourceState::stale: {
        const std::int64_t since = s.failing_since ? std::max<std::int64_t>(0, now - *s.failing_since) : 0;
        health.degraded.push_back(source_words(s) + " could not be refreshed for " + std::to_string(since) +
                                  " s, the last good keys are used: " + cause_words(s) +
                                  "; see: sallyport keys doctor");
        break;
      }
      case SourceState::ready:
        break;
    }
    if (!s.vault_fault.empty())
      health.degraded.push_back(
          source_words(s) + " cannot be kept for the next start: " + s.vault_fault.substr(0, s.vault_fault.find('\n')));
  }
}

void append_key_metrics(std::string& page, const std::vector<SourceReport>& sources, UnixSeconds now) {
  if (sources.empty()) return;
  const auto head = [&page](const char* title, const char* help, const char* type) {
    page.append("# HELP ")
        .append(title)
        .append(" ")
        .append(help)
        .append("\n# TYPE ")
        .append(title)
        .append(" ")
        .append(type)
        .append("\n");
  };
  // An issuer's name is letters, digits, - _ and . by the settings' own rule: it needs no escapes.
  const auto line = [&page](const char* title, const SourceReport& s, const std::string& more, std::uint64_t value) {
    page.append(title)
        .append("{source=\"")
        .append(s.name)
        .append("\"")
        .append(more)
        .append("} ")
        .append(std::to_string(value))
        .append("\n");
  };
  head("sallyport_key_refreshes_total", "Fetches of a key set by outcome.", "counter");
  for (const SourceReport& s : sources)
    for (std::size_t i = 0; i < kOutcomeCount; ++i)
      if (s.outcomes[i] || static_cast<FetchOutcome>(i) == FetchOutcome::ok)
        line("sallyport_key_refreshes_total", s, ",outcome=\"" + std::string(kOutcomes[i].name) + "\"", s.outcomes[i]);
  head("sallyport_keys_added_total", "Keys that came with a refresh.", "counter");
  for (const SourceReport& s : sources) line("sallyport_keys_added_total", s, "", s.keys_added);
  head("sallyport_keys_removed_total", "Keys that left with a refresh.", "counter");
  for (const SourceReport& s : sources) line("sallyport_keys_removed_total", s, "", s.keys_removed);
  head("sallyport_keys", "Keys of a key set in force.", "gauge");
  for (const SourceReport& s : sources) line("sallyport_keys", s, "", s.keys.size());
  head("sallyport_keys_skipped", "Keys of a key set that cannot be used.", "gauge");
  for (const SourceReport& s : sources) line("sallyport_keys_skipped", s, "", s.skipped.size());
  head("sallyport_key_source_state", "1 for the state that the key set is in: ready, stale or unavailable.", "gauge");
  for (const SourceReport& s : sources)
    for (const SourceState state : {SourceState::ready, SourceState::stale, SourceState::unavailable})
      line("sallyport_key_source_state", s, ",state=\"" + std::string(name(state)) + "\"", s.state == state ? 1 : 0);
  head("sallyport_keys_age_seconds", "Seconds since the key set was last confirmed.", "gauge");
  for (const SourceReport& s : sources)
    if (s.confirmed_at)
      line("sallyport_keys_age_seconds", s, "",
           static_cast<std::uint64_t>(std::max<std::int64_t>(0, now - *s.confirmed_at)));
}

}  // namespace sallyport
