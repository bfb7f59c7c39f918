#include "admin/decision_words.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/reason.h"
#include "engine/words.h"

namespace sallyport {
namespace {

using nlohmann::json;
constexpr std::int64_t kMostLeeway = 3600;  // more is no clock

// The step that decided.
const json* failed_step(const json& steps, std::string_view reason) {
  const json* found = nullptr;
  for (const json& step : steps)
    if (!step.value("passed", true) && step.value("reason", "") == reason) found = &step;
  return found;
}

SmallestChange by_leeway(std::int64_t seconds, std::string otherwise) {
  if (seconds <= 0 || seconds > kMostLeeway) return {{std::move(otherwise)}, ""};
  return {{fmt::format("a leeway of {}s, or {}", seconds, otherwise)}, "jwt.leeway"};
}

}  // namespace

SmallestChange smallest_change_of(const AuditRow& row, const json& steps) {
  const std::optional<Reason> reason = reason_from_name(row.reason);
  if (!reason || row.verdict == "allow") return {};
  const json* step = failed_step(steps, row.reason);
  const std::string subject = step ? step->value("subject", "") : "";
  const std::int64_t number = step ? step->value("number", std::int64_t{0}) : 0;
  switch (*reason) {
    case Reason::expired:
      return by_leeway(number ? words::distance(number, row.at) + 1 : 0, "a fresh token");
    case Reason::not_yet_valid:
      return by_leeway(number ? words::distance(row.at, number) : 0, "the right time on the device or its issuer");
    case Reason::missing_expiry:
      return {{"an exp in the token, or require_exp = false"}, "jwt.require_exp"};
    case Reason::lifetime_too_long:
      return {{"a nearer exp in the token, or a longer max_lifetime"}, "jwt.max_lifetime"};
    case Reason::issuer_mismatch:
      return {{"another issuer in the settings"}, "jwt.issuer"};
    case Reason::audience_mismatch:
      return {{"this token's audience among those of the settings"}, "jwt.audience"};
    case Reason::claim_missing:
      return {{fmt::format("the claim {} in the token, or no rule for it", subject)}, "jwt.claims"};
    case Reason::claim_mismatch:
      return {{fmt::format("another value of the claim {}, or no rule for it", subject)}, "jwt.claims"};
    case Reason::algorithm_not_allowed:
      return {{subject.empty() ? std::string("its algorithm among the allowed ones")
                               : fmt::format("{} among the allowed algorithms", subject)},
              "jwt.allowed_algorithms"};
    case Reason::wrong_type:
      return {{"another typ in the settings, or in the token's header"}, "jwt.typ"};
    case Reason::unknown_key_id:
    case Reason::no_key_for_algorithm:
      return {{"the key that signed it among the gate's keys"}, "jwt.jwks_url"};
    case Reason::published_secret:
      return {{"a secret of your own"}, "jwt.secret"};
    case Reason::user_disabled:
      return {{"the user enabled"}, ""};
    case Reason::unknown_credential:
      return {{"a user of that name, or a token in the field that is looked at"}, "jwt.from"};
    case Reason::not_a_token:
      return {{"a token in the field that is looked at"}, "jwt.from"};
    case Reason::nothing_enabled:
      return {{"one of the authenticators switched on"}, "password.enabled"};
    case Reason::no_credentials:
      return {{"a user name and password, or a token, on the device"}, ""};
    // In, or with nothing that a change of settings could do.
    case Reason::password_ok:
    case Reason::token_ok:
    case Reason::anonymous_allowed:
    case Reason::handed_on:
    case Reason::wrong_password:
    case Reason::too_many_attempts:
    case Reason::field_too_long:
    case Reason::encrypted_token:
    case Reason::malformed_token:
    case Reason::token_too_long:
    case Reason::unsupported_algorithm:
    case Reason::critical_header:
    case Reason::malformed_claim:
    case Reason::bad_signature:
    case Reason::too_many_keys:
    case Reason::malformed_rights:
    case Reason::unsupported_condition:
    case Reason::binding_mismatch:
    case Reason::binding_required:
    case Reason::unbound_user_name:
    case Reason::revoked:
    case Reason::blocked:
    case Reason::identity_changed:
    case Reason::not_renewable:
    case Reason::unsupported_binding:
    case Reason::ended_by_operator:
    case Reason::unsupported_method:
    case Reason::session_ended:
    case Reason::not_admitted:
    case Reason::topic_denied:
    case Reason::renewed:
    case Reason::keys_unavailable:
    case Reason::users_unavailable:
    case Reason::settings_unavailable:
    case Reason::internal_error:
      return {};
  }
  return {};
}

ClockWords clock_of(const std::vector<AuditRow>& rows) {
  for (const AuditRow& row : rows) {
    if (row.reason != "not_yet_valid" && row.reason != "expired") continue;
    const json steps = json::parse(row.steps, nullptr, false);
    const json* step = steps.is_array() ? failed_step(steps, row.reason) : nullptr;
    const std::int64_t number = step ? step->value("number", std::int64_t{0}) : 0;
    if (number == 0) continue;
    if (row.reason == "not_yet_valid") {
      const std::int64_t ahead = words::distance(row.at, number);
      return {ahead,
              fmt::format("its token begins {} from now: the clock of whoever made it is ahead", words::span(ahead))};
    }
    return {std::nullopt,
            fmt::format("its token had ended {} before: it was not renewed, or the clock of whoever made it "
                        "is behind",
                        words::span(words::distance(number, row.at)))};
  }
  return {std::nullopt, "its tokens say nothing against its clock"};
}

std::vector<Ending> endings_of(const std::vector<AuditRow>& newest_first, bool connected, UnixSeconds now) {
  std::vector<Ending> out;
  const AuditRow* next = nullptr;  // the attempt that came after
  bool newest = true;
  for (const AuditRow& row : newest_first) {
    if (row.verdict == "allow") {
      Ending one;
      one.from = row.at;
      if (newest && connected) {
        one.how = "on";
        one.text = "connected";
      } else if (next && next->verdict == "allow" && next->reason == "renewed") {
        one.to = next->at;
        one.how = "renewed";
        one.text = "renewed with a fresh token";
      } else if (next && next->verdict == "allow") {
        one.to = next->at;
        one.how = "came_back";
        one.text = "came back";
      } else if (row.expires_at && *row.expires_at <= now) {
        one.to = row.expires_at;
        one.how = "ended";
        one.text = next ? "its token ended, and it was refused since: " + next->reason : "its token ended";
      } else {
        one.how = "lost";
        one.text = next ? "refused since: " + next->reason : "gone, and did not come back";
        if (next) one.to = next->at;
      }
      out.push_back(std::move(one));
      newest = false;
    }
    next = &row;
  }
  return out;
}

}  // namespace sallyport
