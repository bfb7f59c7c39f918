// That something is new, as server-sent events; what it is, is asked where it always is.
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {

Outcome follow_events(ApiDesk& desk, const Call& call) {
  NewsDesk& news = desk.house().news;
  if (call.accept.find("text/event-stream") == std::string_view::npos) {
    const News now = news.look();
    return reply({{"decisions", now.decisions}, {"law", now.law}, {"state", now.state}});
  }
  Reply out;
  // Where a stream is refused, a page asks as it did before there were streams.
  out.stream = news.open(call.caller);
  if (!out.stream) {
    Problem p = problem(429, "slow_down", "too many streams are open", "close pages that nobody looks at");
    p.retry_after = 30;
    return unexpected(std::move(p));
  }
  out.text = "retry: 3000\n\n";
  return out;
}

}  // namespace sallyport::daemon
