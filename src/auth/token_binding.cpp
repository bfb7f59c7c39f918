#include "auth/token_binding.h"

#include <array>

#include "codec/base64url.h"

namespace sallyport {
namespace {

constexpr std::string_view kThumbprint = "x5t#S256";
constexpr std::size_t kDigestBytes = 32;

}  // namespace

std::optional<Reason> check_binding(const JsonValue& claims, const TokenAuthority& authority,
                                    const ConnectAttempt& attempt, Trace& trace, bool& bound) {
  const auto answer = [&](bool passed, Reason reason, std::string_view subject) -> std::optional<Reason> {
    trace.add({.kind = StepKind::binding_checked,
               .who = Authenticator::jwt,
               .passed = passed,
               .reason = reason,
               .subject = subject});
    return passed ? std::nullopt : std::optional(reason);
  };
  bound = false;
  const std::optional<JsonValue> cnf = claims.find("cnf");
  if (!cnf) {
    if (!authority.require_binding) return std::nullopt;
    return answer(false, Reason::binding_required, "cnf");
  }
  // null is a form that cnf must not have, and not the absence of one.
  if (!cnf->is_object() || cnf->size() == 0) return answer(false, Reason::malformed_claim, "cnf");
  for (JsonValue::Cursor member = cnf->begin(); member.valid(); member.advance())
    if (member.name() != kThumbprint) return answer(false, Reason::unsupported_binding, member.name());
  const std::optional<JsonValue> value = cnf->find(kThumbprint);
  const std::optional<std::string_view> text = value ? value->string() : std::nullopt;
  std::array<char, kDigestBytes> expected{};
  if (!text || decode_base64url(*text, expected) != kDigestBytes)
    return answer(false, Reason::malformed_claim, kThumbprint);
  const bool good = attempt.certificate_thumbprint == std::string_view(expected.data(), expected.size());
  bound = good;
  return answer(good, Reason::binding_mismatch, kThumbprint);
}

}  // namespace sallyport
