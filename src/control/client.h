// ControlClient: one question to a running broker. What the command line uses.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"

namespace sallyport::control {

class ControlClient {
 public:
  explicit ControlClient(std::string socket_path, int timeout_ms = 10'000)
      : path_(std::move(socket_path)), timeout_ms_(timeout_ms) {}

  // kUnavailable where no broker answers, kDenied where we may not ask; else what the broker says, its errors included.
  Result<nlohmann::json> ask(const nlohmann::json& request) const;

 private:
  std::string path_;
  int timeout_ms_;
};

}  // namespace sallyport::control
