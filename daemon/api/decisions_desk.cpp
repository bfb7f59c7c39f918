#include "daemon/api/decisions_desk.h"

#include "daemon/api/console_house.h"

namespace sallyport::daemon {

Result<AuditStore*, Problem> DecisionsDesk::store() {
  if (!house_.keeps_decisions() || house_.options.store_url.empty()) {
    store_.reset();
    return static_cast<AuditStore*>(nullptr);
  }
  if (store_) return store_.get();
  Result<std::unique_ptr<AuditStore>> opened = AuditStore::open_to_read(house_.options.store_url);
  if (!opened) return unexpected(problem_of(opened.error()));
  store_ = std::move(*opened);
  return store_.get();
}

Result<bool, Problem> DecisionsDesk::kept() {
  const Result<AuditStore*, Problem> at = store();
  if (!at) return unexpected(at.error());
  return *at != nullptr;
}

template <class T, class FromStore, class FromTail>
Result<T, Problem> DecisionsDesk::ask(FromStore&& from_store, FromTail&& from_tail) {
  const Result<AuditStore*, Problem> at = store();
  if (!at) return unexpected(at.error());
  if (!*at) return from_tail(house_.tail);
  Result<T> out = from_store(**at);
  if (out) return std::move(*out);
  store_.reset();  // another file may be there by now
  return unexpected(problem_of(out.error()));
}

Result<std::vector<AuditRow>, Problem> DecisionsDesk::list(const AuditQuery& query) {
  return ask<std::vector<AuditRow>>([&](AuditStore& s) { return s.list(query); },
                                    [&](DecisionTail& t) { return t.list(query); });
}
Result<std::optional<AuditRow>, Problem> DecisionsDesk::find(std::int64_t id) {
  return ask<std::optional<AuditRow>>([&](AuditStore& s) { return s.find(id); },
                                      [&](DecisionTail& t) { return t.find(id); });
}
Result<std::int64_t, Problem> DecisionsDesk::newest() {
  return ask<std::int64_t>([](AuditStore& s) { return s.newest(); }, [](DecisionTail& t) { return t.newest(); });
}
Result<std::vector<AuditCause>, Problem> DecisionsDesk::causes(UnixSeconds from) {
  return ask<std::vector<AuditCause>>([&](AuditStore& s) { return s.causes(from); },
                                      [&](DecisionTail& t) { return t.causes(from); });
}
Result<std::vector<AuditDevice>, Problem> DecisionsDesk::devices(std::string_view reason, UnixSeconds from,
                                                                 std::string_view search, std::string_view after,
                                                                 std::size_t limit) {
  return ask<std::vector<AuditDevice>>([&](AuditStore& s) { return s.devices(reason, from, search, after, limit); },
                                       [&](DecisionTail& t) { return t.devices(reason, from, search, after, limit); });
}
Result<AuditStore::KeyUse, Problem> DecisionsDesk::uses_of_key(std::string_view label, UnixSeconds from,
                                                               std::size_t examples) {
  return ask<AuditStore::KeyUse>([&](AuditStore& s) { return s.uses_of_key(label, from, examples); },
                                 [&](DecisionTail& t) { return t.uses_of_key(label, from, examples); });
}

}  // namespace sallyport::daemon
