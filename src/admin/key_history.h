// KeyHistory: which keys came and went, as the processes tell it, so that a rotation can
// be looked at afterwards. Bounded; of this daemon's life.
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.h"

namespace sallyport {

struct KeyChange {
  UnixSeconds at = 0;
  std::string process, source;              // source empty: the plain keys of [jwt]
  std::vector<std::string> added, removed;  // by kid, else thumbprint
};

class KeyHistory {
 public:
  static constexpr std::size_t kMost = 500, kMostNames = 50;
  // `report`: what the verb `keys` answers. The first look at a process tells what is there, not what came.
  void look(const std::string& process, const nlohmann::json& report, UnixSeconds now);
  const std::deque<KeyChange>& changes() const noexcept { return changes_; }  // oldest first

 private:
  std::map<std::string, std::map<std::string, std::string>> known_;  // by process and source: identity -> name
  std::deque<KeyChange> changes_;
};

}  // namespace sallyport
