// DecisionTail: the last few thousand decisions of all processes, from their memories, for
// a console whose settings keep none on disk. Asked as the kept ones are.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/process_watch.h"
#include "store/audit_store.h"

namespace sallyport {

class DecisionTail {
 public:
  DecisionTail(Engine& engine, ProcessWatch& watch) : engine_(engine), watch_(watch) {}

  // Fetches what is new, then answers.
  std::vector<AuditRow> list(const AuditQuery& query);
  std::optional<AuditRow> find(std::int64_t id);
  std::int64_t newest();
  std::vector<AuditCause> causes(UnixSeconds from);
  std::vector<AuditDevice> devices(std::string_view reason, UnixSeconds from, std::string_view search,
                                   std::string_view after, std::size_t limit);
  AuditStore::KeyUse uses_of_key(std::string_view label, UnixSeconds from, std::size_t examples);

 private:
  static constexpr std::size_t kMost = 8192;
  void follow();
  void take(const std::string& process, const nlohmann::json& decisions);

  Engine& engine_;
  ProcessWatch& watch_;
  std::mutex mutex_;
  std::deque<AuditRow> rows_;                  // oldest first; ids count up
  std::map<std::string, std::uint64_t> seen_;  // by process
  std::int64_t next_ = 1;
};

}  // namespace sallyport
