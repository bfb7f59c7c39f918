#include "control/key_report.h"

#include <nlohmann/json.hpp>

namespace sallyport::control {
namespace {
using nlohmann::json;

std::vector<std::string_view> algorithm_names(AlgorithmSet set) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < kAlgorithmCount; ++i)
    if (set & bit(static_cast<Algorithm>(i))) out.push_back(name(static_cast<Algorithm>(i)));
  return out;
}

void add_local(const TokenAuthority& authority, json& list) {
  for (const KeyPtr& key : authority.local_keys) {
    json one = to_json(*key);
    one["issuer"] = authority.name;
    list.push_back(std::move(one));
  }
}
}  // namespace

json to_json(const VerificationKey& key) {
  json out{{"label", key.label()}, {"kind", name(key.kind())}, {"algorithms", algorithm_names(key.algorithms())}};
  out["kid"] = key.kid() ? json(*key.kid()) : json();
  if (!key.thumbprint().empty()) out["thumbprint"] = key.thumbprint();
  if (key.bits() > 0) out["bits"] = key.bits();
  return out;
}

json to_json(const SourceReport& s) {
  json keys = json::array(), skipped = json::array(), outcomes = json::object();
  for (const SourceKey& k : s.keys) {
    json one = to_json(*k.key);
    one["since"] = k.since;
    keys.push_back(std::move(one));
  }
  for (const SkippedKey& k : s.skipped)
    skipped.push_back({{"number", k.index + 1}, {"kid", k.kid}, {"cause", k.cause}});
  for (std::size_t i = 0; i < kOutcomeCount; ++i)
    if (s.outcomes[i]) outcomes[std::string(kOutcomes[i].name)] = s.outcomes[i];
  json out{{"name", s.name},
           {"address", s.address},
           {"state", name(s.state)},
           {"keys", std::move(keys)},
           {"skipped", std::move(skipped)},
           {"from_disk", s.from_disk},
           {"in_flight", s.in_flight},
           {"confirmed_at", s.confirmed_at ? json(*s.confirmed_at) : json()},
           {"failing_since", s.failing_since ? json(*s.failing_since) : json()},
           {"next_due_in_ms", s.next_due_in_ms},
           {"allowed_in_ms", s.allowed_in_ms},
           {"attempts", s.attempts},
           {"keys_added", s.keys_added},
           {"keys_removed", s.keys_removed},
           {"outcomes", std::move(outcomes)}};
  if (s.last_outcome)
    out["last"] = {{"outcome", name(*s.last_outcome)},
                   {"text", entry(*s.last_outcome).text},
                   {"mend", entry(*s.last_outcome).mend},
                   {"detail", s.last_detail}};
  if (!s.vault_fault.empty()) out["vault_fault"] = s.vault_fault;
  return out;
}

json keys_report(const Engine& engine) {
  json sources = json::array(), local = json::array();
  for (const SourceReport& s : engine.key_sources()) sources.push_back(to_json(s));
  const auto snapshot = engine.snapshot();
  add_local(snapshot->jwt.plain, local);
  for (const TokenAuthority& authority : snapshot->jwt.issuers) add_local(authority, local);
  return {{"sources", std::move(sources)}, {"local", std::move(local)}};
}

Result<json> refresh_keys(Engine& engine, const json& request) {
  std::optional<std::string> which;
  if (const auto it = request.find("source"); it != request.end()) {
    if (!it->is_string()) return unexpected(invalid("source must be a text"));
    which = it->get<std::string>();
  }
  // As it was before: whoever asked waits for `attempts` to grow.
  json before = json::array();
  for (const SourceReport& s : engine.key_sources())
    if (!which || s.name == *which)
      before.push_back(
          {{"name", s.name}, {"attempts", s.attempts}, {"in_flight", s.in_flight}, {"allowed_in_ms", s.allowed_in_ms}});
  if (!engine.refresh_keys(which))
    return unexpected(
        Error{ErrorKind::kNotFound,
              which ? "no issuer of that name has keys on the network" : "no keys come from the network here",
              "set [jwt] jwks_url or issuer_discovery", ""});
  return json{{"sources", std::move(before)}};
}

}  // namespace sallyport::control
