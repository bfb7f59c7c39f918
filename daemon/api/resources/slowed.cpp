// Names and addresses that guessing has slowed, and letting one go.
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kMostShown = 10'000;

std::int64_t count(const Json& object, const char* name) { return object.value(name, std::int64_t{0}); }

}  // namespace

// Each process has its own; the one that turned away most comes first.
Outcome list_slowed(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  const std::string search(call.in_query("search").value_or(""));
  const UnixSeconds now = desk.house().engine.clock().unix_seconds();
  std::vector<Json> found;
  for (const auto& [process, answer] : desk.house().ask_everybody({{"verb", "slowed"}}))
    for (const Json& one : answer.value("slowed", Json::array())) {
      const std::string value = one.value("value", "");
      if (value.find(search) == std::string::npos || found.size() == kMostShown) continue;
      found.push_back({{"kind", one.value("kind", "")},
                       {"value", value},
                       {"process", process},
                       {"turned_away", count(one, "turned_away")},
                       {"first_at", now - count(one, "first_seconds_ago")},
                       {"last_at", now - count(one, "last_seconds_ago")}});
    }
  std::stable_sort(found.begin(), found.end(),
                   [](const Json& a, const Json& b) { return count(a, "turned_away") > count(b, "turned_away"); });
  Json items(found);
  if (page->csv)
    return csv_reply(items,
                     {{"kind", "kind"},
                      {"value", "value"},
                      {"process", "process"},
                      {"turned_away", "turned_away"},
                      {"first_at", "first_at"},
                      {"last_at", "last_at"}},
                     "slowed.csv");
  if (items.size() > page->limit) items.erase(items.begin() + static_cast<std::ptrdiff_t>(page->limit), items.end());
  return reply({{"items", std::move(items)}, {"total", found.size()}});
}

Outcome let_go(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string kind = members.text("kind"), value = members.text("value", true, 1);
  if (auto fault = members.fault()) return unexpected(*fault);
  if (kind != "username" && kind != "address")
    return unexpected(problem(400, "invalid", "the kind is neither username nor address", "", "kind"));
  bool was = false;
  for (const auto& [process, answer] : desk.house().ask_everybody({{"verb", "let_go"}, {kind, value}}))
    was = was || answer.value("let_go", false);
  Reply out = reply({{"let_go", was}});
  out.subject = kind + " " + value.substr(0, 200);
  return out;
}

}  // namespace sallyport::daemon
