#include "engine/explain.h"

#include <fmt/format.h>

#include "engine/words.h"

namespace sallyport {
namespace {

using words::moment;
using words::quoted;
using words::span;

// A rule's template, and what it stands for with this client.
std::string rendered(std::string_view source, const ExplainOptions& options) {
  const auto expected = Template::compile(source);
  const auto text = expected ? expected->render(options.attempt) : std::nullopt;
  if (!text) return quoted(source) + (expected ? " (with nothing behind a placeholder)" : "");
  return *text == source ? quoted(source) : fmt::format("{} ({})", quoted(*text), source);
}

std::string values(const Step& step, const ExplainOptions& options) {
  if (!options.show_values || (step.expected.empty() && step.found.empty())) return "";
  const std::string found = step.found.empty() ? "nothing" : quoted(step.found);
  if (step.expected.empty()) return fmt::format(": found {}", found);
  return fmt::format(": expected {}, found {}",
                     step.kind == StepKind::claim_checked ? rendered(step.expected, options) : quoted(step.expected),
                     found);
}

// "exp 2026-11-24T07:20:00Z, 92 s ago"; without a moment to compare with, the time alone.
std::string when(std::string_view claim, std::int64_t at, const ExplainOptions& options) {
  std::string out = fmt::format("{} {}", claim, moment(at));
  if (options.now == 0) return out;
  if (at > options.now) return out + ", in " + span(words::distance(options.now, at));
  return out + ", " + span(words::distance(at, options.now)) + " ago";
}

std::string with_subject(std::string_view before, std::string_view subject, std::string_view after) {
  return subject.empty() ? fmt::format("{}{}", before, after) : fmt::format("{} {}{}", before, quoted(subject), after);
}

std::string about_times(const Step& s, const ExplainOptions& o) {
  const std::string_view why = entry(s.reason).text;
  if (s.kind == StepKind::expiry_checked) {
    if (s.passed)
      return s.number == 0 ? "the token has no exp, and none is asked for" : "not expired: " + when("exp", s.number, o);
    if (s.reason == Reason::expired) return fmt::format("{}: {}", why, when("exp", s.number, o));
    return s.reason == Reason::malformed_claim ? "exp is there and is no time" : std::string(why);
  }
  if (s.kind == StepKind::start_checked) {
    if (s.passed) return s.number == 0 ? "the token has no nbf" : "valid already: " + when("nbf", s.number, o);
    if (s.reason == Reason::not_yet_valid) return fmt::format("{}: {}", why, when("nbf", s.number, o));
    return s.reason == Reason::malformed_claim ? "nbf is there and is no time" : std::string(why);
  }
  if (s.number == 0) return s.passed ? "the token's lifetime is short enough" : std::string(why);
  return s.passed ? fmt::format("the token lives {}, which is short enough", span(s.number))
                  : fmt::format("the token lives {}, which is longer than max_lifetime", span(s.number));
}

// "revocation 17 hits: stolen in Lyon". The words are an operator's own.
std::string bar_words(std::string_view what, const Step& s) {
  return fmt::format("{} {} hits{}", what, s.number, s.subject.empty() ? "" : ": " + quoted(s.subject));
}

std::string sentence(const Step& s, const ExplainOptions& o) {
  const std::string_view why = entry(s.reason).text;
  const bool jwt = s.who == Authenticator::jwt;
  switch (s.kind) {
    case StepKind::switched_off:
      return "switched off";
    case StepKind::absent:
      return jwt ? fmt::format("the {} field, which may hold a token, is absent or empty: not mine",
                               s.subject.empty() ? "token" : s.subject)
                 : "the client shows no user name: not mine";
    case StepKind::unknown_user:
      return "the user name is not in the store: not mine";
    case StepKind::users_missing:
      return std::string(why);
    case StepKind::user_found:
      return s.passed ? "the user name is in the store" : "the user name is in the store, and " + std::string(why);
    case StepKind::remembered:
      return jwt ? with_subject("this very token was verified before by key", s.subject, "")
                 : "this very password was right before";
    case StepKind::braked:
      return "too many wrong passwords lately, so this one is not looked at";
    case StepKind::password_checked:
      if (s.passed) return "the password is right";
      return s.reason == Reason::user_disabled ? "the password is right, and " + std::string(why)
                                               : "the password is wrong";
    case StepKind::not_a_token:
      return s.passed ? "the field holds no token, and not_a_token = \"ignore\": not mine" : std::string(why);
    case StepKind::token_read: {
      const std::string read = with_subject("the field holds a token, alg", s.subject, "");
      if (s.passed) return read;
      return s.subject.empty() ? std::string(why) : fmt::format("{}: {}", read, why);
    }
    case StepKind::type_checked:
      if (s.reason == Reason::algorithm_not_allowed && !s.passed)
        return with_subject("alg", s.subject, ": " + std::string(why));
      return with_subject("typ", s.subject, s.passed ? " is the one that is asked for" : ": " + std::string(why)) +
             values(s, o);
    case StepKind::key_tried:
      return with_subject(
          "key", s.subject,
          s.passed ? " was tried and verifies the signature" : " was tried and does not verify the signature");
    case StepKind::no_key_tried:
      return s.subject.empty() ? std::string(why) : fmt::format("{} (kid {})", why, quoted(s.subject));
    case StepKind::peer_checked:
      return s.passed ? "the key is a published one, which is good for this client alone" : std::string(why);
    case StepKind::expiry_checked:
    case StepKind::start_checked:
    case StepKind::lifetime_checked:
      return about_times(s, o);
    case StepKind::issuer_checked:
      return (s.passed ? "iss is the issuer that is configured" : std::string(why)) + values(s, o);
    case StepKind::audience_checked:
      return (s.passed ? "aud names this gate" : std::string(why)) + values(s, o);
    case StepKind::claim_checked:
      if (s.passed) return with_subject("claim", s.subject, " has the value that its rule expects") + values(s, o);
      if (s.reason == Reason::claim_missing)
        return with_subject("claim", s.subject, " must be there and is not") + values(s, o);
      if (s.reason == Reason::claim_mismatch)
        return with_subject("claim", s.subject, " does not have the value that its rule expects") + values(s, o);
      return with_subject("claim", s.subject, ": " + std::string(why));
    case StepKind::block_checked:
      return s.passed ? "no block hits this client" : bar_words("block", s);
    case StepKind::revocation_checked:
      return s.passed ? "no revocation hits this token" : bar_words("revocation", s);
    case StepKind::binding_checked:
      if (s.passed) return "the connection has the client certificate that the token is bound to";
      if (s.reason == Reason::binding_required) return std::string(why);
      return with_subject("cnf", s.subject, ": " + std::string(why));
    case StepKind::principal_found:
      return s.passed ? with_subject("who it is comes from the verified claim", s.subject, "")
                      : "who it is comes from what CONNECT says of itself, unverified";
    case StepKind::method_checked:
      return with_subject("the authentication method", s.subject,
                          s.passed ? " is spoken here" : ": " + std::string(why));
    case StepKind::user_name_checked:
      return std::string(why);
    case StepKind::holder_checked:
      return s.passed ? "the token is of the session's own principal, issuer and binding" : std::string(why);
    case StepKind::topic_checked: {
      constexpr std::string_view actions[] = {"publishing to", "subscribing to", "receiving from"};
      const auto action = s.number >= 0 && s.number < 3 ? actions[s.number] : "something with";
      return fmt::format("{} {}: {}", action, quoted(s.subject), s.passed ? "allowed" : why);
    }
    case StepKind::session_over:
      return s.number == 0 ? std::string(why) : fmt::format("{}: {}", why, when("end", s.number, o));
    case StepKind::no_match:
      return s.subject.empty() ? "at its end: " + std::string(why)
                               : fmt::format("at its end, no_match = {}: {}", quoted(s.subject), why);
  }
  return {};
}

std::string line(const Step& step, const ExplainOptions& options) {
  const std::string_view who = step.who == Authenticator::none ? "chain" : name(step.who);
  return fmt::format("{}: {}", who, sentence(step, options));
}

}  // namespace

std::vector<std::string> explain_steps(const Trace& trace, const ExplainOptions& options) {
  std::vector<std::string> lines;
  lines.reserve(trace.size());
  for (const Step& step : trace) lines.push_back(line(step, options));
  if (trace.dropped()) lines.push_back(fmt::format("chain: {} further steps were not kept", trace.dropped()));
  return lines;
}

std::vector<std::string> explain_steps(const std::vector<KeptStep>& steps, const ExplainOptions& options) {
  std::vector<std::string> lines;
  lines.reserve(steps.size());
  for (const KeptStep& kept : steps) {
    Step step;
    step.kind = kept.kind;
    step.who = kept.who;
    step.passed = kept.passed;
    step.reason = kept.reason;
    step.subject = kept.subject;
    step.number = kept.number;
    lines.push_back(line(step, options));
  }
  return lines;
}

}  // namespace sallyport
