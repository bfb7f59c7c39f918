#include "engine/what_if.h"

#include <fmt/format.h>

#include <functional>
#include <limits>
#include <memory>

#include "engine/words.h"

namespace sallyport {
namespace {

using words::distance;
using words::quoted;
using words::span;

// Everything that a decision is a function of, free to be changed.
struct World {
  ConnectAttempt attempt;
  GateSnapshot snapshot;
  Moment now;
};

struct Change {
  std::string text;
  std::function<void(World&)> apply;
};

// What the token says of itself, not believed: a change made of it counts only where the whole decision, signature
// included, then says allow.
struct TokenWords {
  bool is_token = false;
  Algorithm algorithm{};
  std::optional<std::string> issuer, audience, typ;
  std::optional<UnixSeconds> expires, starts, issued;
};

std::optional<std::string_view> token_field(const ConnectAttempt& attempt, TokenSource from) {
  if (attempt.auth_data) return attempt.auth_data;
  return from == TokenSource::password ? attempt.password : attempt.username;
}

TokenWords read_token(std::optional<std::string_view> field) {
  TokenWords out;
  if (!field) return out;
  TokenBuffers buffers;
  const auto jws = CompactJws::parse(*field, buffers);
  if (!jws) return out;
  out.is_token = true;
  out.algorithm = jws->algorithm();
  if (jws->typ()) out.typ = std::string(*jws->typ());
  const auto claims = jws->peek_unverified_claims();
  if (!claims) return out;
  const auto text = [](const std::optional<JsonValue>& value) -> std::optional<std::string> {
    if (!value || !value->string()) return std::nullopt;
    return std::string(*value->string());
  };
  const auto time = [&](std::string_view claim) -> std::optional<UnixSeconds> {
    const auto value = claims->find(claim);
    return value ? numeric_date(*value) : std::nullopt;
  };
  out.issuer = text(claims->find("iss"));
  const auto aud = claims->find("aud");
  if (aud && aud->is_array() && aud->size() > 0)
    out.audience = text(aud->begin().value());
  else
    out.audience = text(aud);
  out.expires = time("exp");
  out.starts = time("nbf");
  out.issued = time("iat");
  return out;
}

// A day: no clock that was ever set is wrong by more, but a token may well be that old.
constexpr std::int64_t kWrongClock = 86'400;

void add_clock_changes(std::vector<Change>& out, Reason reason, const World& world, const TokenWords& token) {
  const std::int64_t leeway = world.snapshot.jwt.plain.leeway;
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  if (reason == Reason::expired && token.expires) {
    std::int64_t moment = 0;  // the last one at which exp + leeway is not yet reached
    if (__builtin_add_overflow(*token.expires, leeway - 1, &moment)) moment = last;
    if (moment >= world.now.unix_seconds) return;
    const std::int64_t shift = distance(moment, world.now.unix_seconds);
    out.push_back(
        {shift <= kWrongClock
             ? fmt::format("a clock {} earlier: this is a clock, not a token", span(shift))
             : fmt::format("a clock {} earlier, which is more than clocks go wrong: the token is old", span(shift)),
         [moment](World& w) { w.now.unix_seconds = moment; }});
  }
  if (reason == Reason::not_yet_valid && token.starts) {
    std::int64_t moment = 0;
    if (__builtin_sub_overflow(*token.starts, leeway, &moment) || moment <= world.now.unix_seconds) return;
    const std::int64_t shift = distance(world.now.unix_seconds, moment);
    out.push_back(
        {shift <= kWrongClock
             ? fmt::format("a clock {} later: this is a clock, not a token", span(shift))
             : fmt::format("a clock {} later, which is more than clocks go wrong: the token is for another time",
                           span(shift)),
         [moment](World& w) { w.now.unix_seconds = moment; }});
  }
}

void add_lifetime_changes(std::vector<Change>& out, Reason reason, const World& world, const TokenWords& token) {
  if (reason == Reason::missing_expiry)
    out.push_back(
        {"require_exp = false (the token has no exp)", [](World& w) { w.snapshot.jwt.plain.require_exp = false; }});
  if (reason != Reason::lifetime_too_long || !world.snapshot.jwt.plain.max_lifetime) return;
  const std::string text = token.expires && token.issued && *token.expires > *token.issued
                               ? fmt::format("max_lifetime = \"{}s\" or more", distance(*token.issued, *token.expires))
                               : std::string("no max_lifetime (the token lacks the iat or exp to tell)");
  out.push_back({text, [](World& w) { w.snapshot.jwt.plain.max_lifetime.reset(); }});
}

// `claim` = expected in the token, or the setting as the token has it.
std::string either_side(std::string_view claim, std::string_view setting, std::string_view expected,
                        const std::optional<std::string>& found, bool show_values) {
  if (!found) return fmt::format("{} in the token (it has none that is text), or no [jwt] {}", claim, setting);
  if (!show_values)
    return fmt::format("another {} in the token, or its {} as [jwt] {} (see both with --show-values)", claim, claim,
                       setting);
  return fmt::format("{} = {} in the token, or [jwt] {} = {}", claim, quoted(expected), setting, quoted(*found));
}

void add_registered_claim_changes(std::vector<Change>& out, const World& world, const TokenWords& token,
                                  bool show_values) {
  const TokenAuthority& authority = world.snapshot.jwt.plain;
  if (authority.issuer && token.issuer != authority.issuer)
    out.push_back({either_side("iss", "issuer", *authority.issuer, token.issuer, show_values),
                   [to = token.issuer](World& w) { w.snapshot.jwt.plain.issuer = to; }});
  if (!authority.audience.empty())
    out.push_back({either_side("aud", "audience", authority.audience.front(), token.audience, show_values),
                   [to = token.audience](World& w) {
                     w.snapshot.jwt.plain.audience.clear();
                     if (to) w.snapshot.jwt.plain.audience.push_back(*to);
                   }});
}

std::string rule_off(const ClaimRule& rule, const World& world, const TokenWords& token, bool show_values) {
  const std::string text = fmt::format("the rule for claim {} off", quoted(rule.claim.text()));
  if (!show_values || !token.is_token) return text;
  const auto expected = rule.expected.render({world.attempt.username, world.attempt.client_id});
  return text + (expected ? fmt::format(", or {} = {} in the token", rule.claim.text(), quoted(*expected))
                          : fmt::format(" (its template {} has nothing to stand for)", quoted(rule.expected.source())));
}

void add_claim_rule_changes(std::vector<Change>& out, const World& world, const TokenWords& token, bool show_values) {
  const TokenAuthority& authority = world.snapshot.jwt.plain;
  if (!authority.verify_claims) return;
  constexpr std::size_t cap = 64;
  for (std::size_t i = 0; i < authority.claims.size() && i < cap; ++i)
    out.push_back(
        {rule_off(authority.claims[i], world, token, show_values), [name = authority.claims[i].claim.text()](World& w) {
           std::erase_if(w.snapshot.jwt.plain.claims, [&](const ClaimRule& rule) { return rule.claim.text() == name; });
         }});
  if (authority.claims.size() > 1)
    out.push_back(
        {"verify_claims = false (no claim rule at all)", [](World& w) { w.snapshot.jwt.plain.verify_claims = false; }});
}

void add_bar_changes(std::vector<Change>& out, Reason reason) {
  const auto none = [](World& w) { w.snapshot.bars = GateSnapshot::no_bars(); };
  if (reason == Reason::revoked) out.push_back({"what revokes it removed: sallyport revoke remove", none});
  if (reason == Reason::blocked) out.push_back({"what blocks it removed: sallyport block remove", none});
  if (reason == Reason::binding_required)
    out.push_back({"cnf with x5t#S256 in the token, or no [jwt] require_binding",
                   [](World& w) { w.snapshot.jwt.plain.require_binding = false; }});
}

void add_token_form_changes(std::vector<Change>& out, Reason reason, const World& world, const TokenWords& token) {
  const JwtPolicy& jwt = world.snapshot.jwt;
  if (reason == Reason::wrong_type && jwt.plain.typ)
    out.push_back({fmt::format("typ {} in the token's header, or no [jwt] typ", quoted(*jwt.plain.typ)),
                   [](World& w) { w.snapshot.jwt.plain.typ.reset(); }});
  if (reason == Reason::algorithm_not_allowed)
    out.push_back({fmt::format("allowed_algorithms with {}", name(token.algorithm)),
                   [a = token.algorithm](World& w) { w.snapshot.jwt.plain.allowed_algorithms |= bit(a); }});
  if (reason == Reason::published_secret)
    out.push_back({"a secret that is not published, or allow_published_secrets = true",
                   [](World& w) { w.snapshot.jwt.allow_published_secrets = true; }});
}

// The chain: who is asked, and where the token is looked for.
void add_chain_changes(std::vector<Change>& out, Reason reason, const World& world, const TokenWords& token) {
  const GateSnapshot& snapshot = world.snapshot;
  const bool nobody_answered = reason == Reason::unknown_credential || reason == Reason::no_credentials ||
                               reason == Reason::nothing_enabled || reason == Reason::handed_on ||
                               reason == Reason::not_a_token;
  if (reason == Reason::user_disabled && world.attempt.username && snapshot.users)
    out.push_back({"the user enabled: sallyport user enable", [](World& w) {
                     const auto user = w.snapshot.users->find(*w.attempt.username);
                     if (!user) return;
                     const UserRecord record{std::string(user->username), std::string(user->hash), true,
                                             user->is_superuser, user->version};
                     const UserChange change{record.username, record};
                     w.snapshot.users = w.snapshot.users->with({&change, 1});
                   }});
  if ((reason == Reason::wrong_password || reason == Reason::user_disabled || reason == Reason::too_many_attempts) &&
      token.is_token && snapshot.jwt.from == TokenSource::password)
    out.push_back(
        {"no user name beside the token, or one that is no user's: default authentication answers for its users",
         [](World& w) { w.attempt.username.reset(); }});
  if (!nobody_answered) return;
  if (!snapshot.password_enabled)
    out.push_back({"[password] enabled = true", [](World& w) { w.snapshot.password_enabled = true; }});
  if (!snapshot.jwt.enabled && snapshot.jwt.plain.keys && !snapshot.jwt.plain.keys->empty())
    out.push_back({"[jwt] enabled = true", [](World& w) { w.snapshot.jwt.enabled = true; }});
  const TokenSource other = snapshot.jwt.from == TokenSource::password ? TokenSource::username : TokenSource::password;
  if (read_token(token_field(world.attempt, other)).is_token)
    out.push_back({other == TokenSource::username ? "the token in the password field, or [jwt] from = \"username\""
                                                  : "the token in the user name field, or [jwt] from = \"password\"",
                   [other](World& w) { w.snapshot.jwt.from = other; }});
  if (reason == Reason::no_credentials)
    out.push_back({"[chain] no_match = \"allow\", which lets in every client that shows nothing",
                   [](World& w) { w.snapshot.no_match = NoMatch::allow; }});
}

// Only what the check that failed looks at can let the attempt pass it.
std::vector<Change> changes_for(Reason reason, const World& world, bool show_values) {
  std::vector<Change> out;
  const TokenWords token = read_token(token_field(world.attempt, world.snapshot.jwt.from));
  add_clock_changes(out, reason, world, token);
  add_lifetime_changes(out, reason, world, token);
  add_token_form_changes(out, reason, world, token);
  if (entry(reason).cls == ReasonClass::claim) {
    add_registered_claim_changes(out, world, token, show_values);
    add_claim_rule_changes(out, world, token, show_values);
  }
  add_chain_changes(out, reason, world, token);
  add_bar_changes(out, reason);
  return out;
}

}  // namespace

std::optional<WhatIf> smallest_change(const ConnectAttempt& attempt, const GateSnapshot& snapshot, const Moment& now,
                                      bool show_values) {
  const auto work = std::make_unique<Workspace>();
  const auto ask = [&](const World& world) { return decide(world.attempt, world.snapshot, world.now, *work); };
  World as_is{attempt, snapshot, now};
  const Decision first = ask(as_is);
  if (first.verdict == Verdict::allow) return std::nullopt;
  // The issuer that the token chose is the one whose rules are changed; no other could answer.
  if (first.authority && first.authority != &as_is.snapshot.jwt.plain) {
    const TokenAuthority chosen = *first.authority;
    as_is.snapshot.jwt.plain = chosen;
    as_is.snapshot.jwt.issuers.clear();
  }

  struct Halfway {
    Change change;
    World world;
    Reason reason;
  };
  std::vector<Halfway> halfway;
  const Reason first_reason = first.reason;
  for (Change& change : changes_for(first_reason, as_is, show_values)) {
    World world = as_is;
    change.apply(world);
    const Decision decision = ask(world);
    if (decision.verdict == Verdict::allow) return WhatIf{{std::move(change.text)}};
    halfway.push_back({std::move(change), std::move(world), decision.reason});
  }
  for (const Halfway& half : halfway)
    for (Change& change : changes_for(half.reason, half.world, show_values)) {
      World world = half.world;
      change.apply(world);
      if (ask(world).verdict == Verdict::allow) return WhatIf{{half.change.text, std::move(change.text)}};
    }
  return std::nullopt;
}

}  // namespace sallyport
