// The smallest change with which an attempt would pass: a decision is a pure function,
// so it is asked again with one thing changed, then with two.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/chain.h"

namespace sallyport {

struct WhatIf {
  std::vector<std::string> changes;  // "a clock 92 s earlier: this is a clock, not a token"; one or two
};

// Nothing: no change of settings or clock lets it in (a bad signature, a wrong password).
// Values of claims appear only with `show_values`.
std::optional<WhatIf> smallest_change(const ConnectAttempt& attempt, const GateSnapshot& snapshot, const Moment& now,
                                      bool show_values);

}  // namespace sallyport
