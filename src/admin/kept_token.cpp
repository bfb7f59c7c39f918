#include "admin/kept_token.h"

#include <algorithm>

#include "auth/token_rules.h"
#include "engine/kept_claims.h"
#include "rules/template.h"

namespace sallyport {
namespace {

using nlohmann::json;
using Said = KeptToken::Said;

Said refused(Reason reason) { return {std::string(name(reason)), ""}; }
Said unknown(std::string cause) { return {"", std::move(cause)}; }

std::optional<std::int64_t> number(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number_integer() ? std::optional(it->get<std::int64_t>()) : std::nullopt;
}

const json* member(const json& object, std::string_view name) {
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}

}  // namespace

std::optional<KeptToken> KeptToken::read(std::string_view facts, const KeptDigest* digest) {
  KeptToken out;
  out.facts_ = json::parse(facts, nullptr, false);
  if (!out.facts_.is_object()) return std::nullopt;
  const json* claims = member(out.facts_, "claims");
  const json* by = member(out.facts_, "by");
  if (!claims || !claims->is_object() || !by || !by->is_string()) return std::nullopt;
  if (digest && by->get_ref<const std::string&>() == digest_key_name(*digest)) out.digest_ = digest;
  return out;
}

KeptToken::Equal KeptToken::compare(const std::string& pointer, std::string_view wanted, bool texts_alone) const {
  if (!digest_) return Equal::unknown;
  const json& claims = facts_["claims"];
  const auto equals = [&](const std::string& at, const json& kept) {
    return kept == claim_digest(*digest_, at, wanted, true) ||
           (!texts_alone && kept == claim_digest(*digest_, at, wanted, false));
  };
  if (const json* kept = member(claims, pointer)) {
    if (!kept->is_array()) return equals(pointer, *kept) ? Equal::yes : Equal::no;
    return std::any_of(kept->begin(), kept->end(), [&](const json& one) { return equals(pointer, one); }) ? Equal::yes
                                                                                                          : Equal::no;
  }
  // A member of an array: "/groups/0". What stands below a list is kept as part of it alone.
  for (std::size_t slash = pointer.rfind('/'); slash != std::string::npos && slash > 0;
       slash = pointer.rfind('/', slash - 1)) {
    const json* list = member(claims, std::string_view(pointer).substr(0, slash));
    if (list && list->is_array()) return Equal::unknown;
  }
  return facts_.contains("cut") ? Equal::unknown : Equal::missing;
}

bool KeptToken::is_of(std::string_view issuer) const {
  const json* iss = member(facts_["claims"], "/iss");
  return digest_ && iss && *iss == claim_digest(*digest_, "/iss", issuer, true);
}

Said KeptToken::hold_to(const ClaimRuleSetting& rule, const KeptNames& names) const {
  const Result<Template> expected = Template::compile(rule.expected);
  if (!expected) return unknown("a claim rule cannot be read");
  if (expected->uses_username() && !names.username)
    return unknown("a claim rule needs the user name, which is not kept");
  if (expected->uses_client_id() && !names.client_id)
    return unknown("a claim rule needs the whole client id, which is not kept");
  std::string pointer = rule.claim;
  if (!pointer.starts_with('/')) {
    pointer = "/";
    for (const char c : rule.claim) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  const std::optional<std::string> wanted = expected->render({names.username, names.client_id});
  switch (compare(pointer, wanted.value_or(""), false)) {
    case Equal::yes:
      return wanted ? Said{} : refused(Reason::claim_mismatch);
    case Equal::no:
      return refused(Reason::claim_mismatch);
    case Equal::missing:
      return refused(Reason::claim_missing);
    case Equal::unknown:
      return unknown("claim " + rule.claim + " is not kept");
  }
  return {};
}

Said KeptToken::judge(const AuthoritySettings& s, std::optional<Algorithm> algorithm, const KeptNames& names,
                      UnixSeconds now) const {
  const json* typ = member(facts_, "typ");
  const std::string* const typ_text = typ && typ->is_string() ? &typ->get_ref<const std::string&>() : nullptr;
  if (!type_allowed(typ_text ? std::optional<std::string_view>(*typ_text) : std::nullopt, s.typ))
    return refused(Reason::wrong_type);
  if (!algorithm && s.allowed_algorithms != kAllAlgorithms) return unknown("its algorithm is not kept");
  if (algorithm && !(s.allowed_algorithms & bit(*algorithm))) return refused(Reason::algorithm_not_allowed);

  TokenAuthority bounds;
  bounds.leeway = s.leeway;
  bounds.require_exp = s.require_exp;
  bounds.max_lifetime = s.max_lifetime;
  Trace trace;
  if (const auto bad =
          check_times({number(facts_, "exp"), number(facts_, "nbf"), number(facts_, "iat")}, bounds, now, trace))
    return refused(*bad);

  if (s.issuer) {
    if (!digest_) return unknown("the key under which its iss is kept is not at hand");
    if (compare("/iss", *s.issuer, true) == Equal::unknown) return unknown("its iss is not kept");
    if (!is_of(*s.issuer)) return refused(Reason::issuer_mismatch);
  }
  bool ours = s.audience.empty();
  for (const std::string& one : s.audience) {
    const Equal equal = compare("/aud", one, true);
    if (equal == Equal::unknown) return unknown("its aud is not kept");
    ours = ours || equal == Equal::yes;
  }
  if (!ours) return refused(Reason::audience_mismatch);
  if (s.verify_claims)
    for (const ClaimRuleSetting& rule : s.claims)
      if (Said said = hold_to(rule, names); !said.reason.empty() || !said.cause.empty()) return said;
  return {};
}

}  // namespace sallyport
