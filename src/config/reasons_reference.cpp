// docs/reasons.md, made from base/reason.def.
#include <fmt/format.h>

#include "config/load.h"
#include "keys/fetch_outcome.h"

namespace sallyport {
namespace {

constexpr ReasonClass kClasses[] = {ReasonClass::in,        ReasonClass::credential, ReasonClass::token,
                                    ReasonClass::signature, ReasonClass::time,       ReasonClass::claim,
                                    ReasonClass::policy,    ReasonClass::unavailable};

constexpr std::string_view kHead =
    "# Reasons\n\n"
    "<!-- Made by `sallyport reasons --markdown` from src/base/reason.def; a test compares the two. -->\n\n"
    "Every decision has one reason. The log, `sallyport why`, `sallyport decide`, metrics and audit all use the names "
    "of\n"
    "this table. The client learns none of them: it sees refused or, for the last class, a connection that ends so "
    "that\n"
    "it tries again.\n";

// A cell ends at "|" in GitHub's tables.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

std::string_view reason_class_text(ReasonClass cls) {
  switch (cls) {
    case ReasonClass::in:
      return "the client comes in, or is handed on";
    case ReasonClass::credential:
      return "what the client showed beside a token: user name and password";
    case ReasonClass::token:
      return "the form of the token";
    case ReasonClass::signature:
      return "the token's signature and the keys";
    case ReasonClass::time:
      return "when the token is valid";
    case ReasonClass::claim:
      return "what the token says, against what the settings expect";
    case ReasonClass::policy:
      return "what the operator decided";
    case ReasonClass::unavailable:
      return "the gate cannot decide: never in, and the client may try again";
  }
  return {};
}

std::string reasons_reference_markdown() {
  std::string out(kHead);
  for (const ReasonClass cls : kClasses) {
    out += fmt::format("\n## {}\n\n{}\n\n| reason | what happened | what to do |\n|---|---|---|\n", name(cls),
                       reason_class_text(cls));
    for (const ReasonEntry& e : kReasons)
      if (e.cls == cls) out += fmt::format("| `{}` | {} | {} |\n", e.name, cell(e.text), cell(e.mend));
  }
  // Not reasons of decisions: what `keys list`, `keys doctor`, the log and the metrics say of a fetch.
  out +=
      "\n## How a fetch of keys ends\n\nOutcomes of a refresh; see [keys.md](keys.md)\n\n| outcome | what happened | "
      "what to do |\n|---|---|---|\n";
  for (const OutcomeEntry& e : kOutcomes)
    out += fmt::format("| `{}` | {} | {} |\n", e.name, cell(e.text), cell(e.mend));
  return out;
}

}  // namespace sallyport
