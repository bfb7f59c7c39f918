// DecisionWords: what a kept decision's steps tell a person beyond themselves: the
// smallest change with which it would have passed, and the setting that it is in.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "store/audit_store.h"

namespace sallyport {

struct SmallestChange {
  std::vector<std::string> changes;  // empty: none is known
  std::string setting;               // empty: none
};
// `steps` as AuditRow has them, parsed.
SmallestChange smallest_change_of(const AuditRow& row, const nlohmann::json& steps);

// What a device's decisions say of its clock.
struct ClockWords {
  std::optional<std::int64_t> seconds;  // ahead of ours
  std::string text;
};
ClockWords clock_of(const std::vector<AuditRow>& rows);

// How its sessions went, newest first, as its decisions tell it.
struct Ending {
  UnixSeconds from = 0;
  std::optional<UnixSeconds> to;
  std::string how, text;  // "renewed", "came_back", "lost", "ended", "on"
};
std::vector<Ending> endings_of(const std::vector<AuditRow>& newest_first, bool connected, UnixSeconds now);

}  // namespace sallyport
