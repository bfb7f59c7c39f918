#include "control/session_verbs.h"

#include <nlohmann/json.hpp>

namespace sallyport::control {
namespace {
using nlohmann::json;

constexpr std::int64_t kMostASecond = 100'000;

Result<SessionOrder> read_order(const json& request, bool end) {
  SessionOrder order;
  order.end = end;
  std::vector<std::string> conditions;
  const auto where = request.find("where");
  if (where != request.end() && where->is_array())
    for (const json& one : *where) {
      if (!one.is_string()) return unexpected(invalid("where must be a list of texts"));
      conditions.push_back(one.get<std::string>());
    }
  Result<SessionQuery> query = SessionQuery::parse(conditions);
  if (!query) return unexpected(query.error());
  order.where = std::move(*query);
  const auto pace = request.find("a_second");
  if (pace == request.end()) return order;
  if (!pace->is_number_integer() || pace->get<std::int64_t>() < 1 || pace->get<std::int64_t>() > kMostASecond)
    return unexpected(invalid("a_second must be a whole number from 1 to 100000"));
  order.a_second = static_cast<std::size_t>(pace->get<std::int64_t>());
  return order;
}

}  // namespace

void add_session_verbs(HandlerTable& table, SessionHandler handler) {
  for (const bool end : {false, true})
    table[end ? "session_end" : "session_count"] = [handler, end](const json& request) -> Result<json> {
      const Result<SessionOrder> order = read_order(request, end);
      if (!order) return unexpected(order.error());
      const Result<std::size_t> sessions = handler(*order);
      if (!sessions) return unexpected(sessions.error());
      return json{{"sessions", *sessions}};
    };
}

}  // namespace sallyport::control
