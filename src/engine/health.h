// Health: alive is that the process answers; ready, that it can decide; degraded,
// that it decides and something needs a person. Each with causes in words.
#pragma once

#include <string>
#include <vector>

namespace sallyport {

struct Health {
  bool ready = false;
  std::vector<std::string> not_ready;  // causes; empty when ready
  std::vector<std::string> degraded;   // causes; empty when all is well
};

}  // namespace sallyport
