// From the steps of a decision to words for a person: what was looked at, what
// differed, what to do. Used by `decide`, `why`, later the console.
#pragma once

#include <string>
#include <vector>

#include "engine/decision_ring.h"
#include "rules/template.h"

namespace sallyport {

struct ExplainOptions {
  bool show_values = false;  // expected and found texts of claims; only where the asker holds the token
  UnixSeconds now = 0;       // for "expired 92 s ago"
  TemplateValues attempt{};  // what %u and %c stand for, where values are shown
};

// One line a step: "jwt: key \"secret\" was tried and does not verify the signature".
std::vector<std::string> explain_steps(const Trace& trace, const ExplainOptions& options);
std::vector<std::string> explain_steps(const std::vector<KeptStep>& steps, const ExplainOptions& options);

}  // namespace sallyport
