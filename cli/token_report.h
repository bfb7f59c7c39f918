// What a token says, read without trusting it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/reason.h"

namespace sallyport::cli {

struct TokenTime {
  std::string claim;   // "exp"
  std::string stands;  // as the token has it
  std::optional<UnixSeconds> seconds;
  std::string words;  // "2018-01-18 01:30:22 UTC, 8 years ago", or why it is none
};

struct TokenReport {
  std::optional<Reason> fault;  // why it is no token that the gate would look at further
  std::string header, claims;   // JSON; empty where they cannot be read
  std::vector<TokenTime> times;
  std::vector<std::string> remarks;
  std::size_t bytes = 0;

  std::string text() const;
  std::string json() const;
};

TokenReport report_on(std::string_view token, UnixSeconds now);

}  // namespace sallyport::cli
