// DecisionsDesk: decisions as the operations ask for them: kept ones where the settings
// keep any, else those in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/decision_tail.h"
#include "admin/problem.h"
#include "store/audit_store.h"

namespace sallyport::daemon {

struct ConsoleHouse;

class DecisionsDesk {
 public:
  explicit DecisionsDesk(ConsoleHouse& house) : house_(house) {}

  // Whether they outlive a restart.
  Result<bool, Problem> kept();
  Result<std::vector<AuditRow>, Problem> list(const AuditQuery& query);
  Result<std::optional<AuditRow>, Problem> find(std::int64_t id);
  Result<std::int64_t, Problem> newest();
  Result<std::vector<AuditCause>, Problem> causes(UnixSeconds from);
  Result<std::vector<AuditDevice>, Problem> devices(std::string_view reason, UnixSeconds from, std::string_view search,
                                                    std::string_view after, std::size_t limit);
  Result<AuditStore::KeyUse, Problem> uses_of_key(std::string_view label, UnixSeconds from, std::size_t examples);

 private:
  // Null: none are kept.
  Result<AuditStore*, Problem> store();
  template <class T, class FromStore, class FromTail>
  Result<T, Problem> ask(FromStore&& from_store, FromTail&& from_tail);

  ConsoleHouse& house_;
  std::unique_ptr<AuditStore> store_;
};

}  // namespace sallyport::daemon
