// The verbs that count sessions and end them: session_count and session_end. Whoever
// holds the sessions brings the function.
#pragma once

#include <cstddef>
#include <functional>

#include "auth/session_query.h"
#include "base/result.h"
#include "control/server.h"

namespace sallyport::control {

struct SessionOrder {
  SessionQuery where;
  bool end = false;  // or count alone
  std::size_t a_second = 100;
};
// How many there are; called on the server's thread.
using SessionHandler = std::function<Result<std::size_t>(const SessionOrder& order)>;

// {"verb":"session_count","where":["kid=k1"]} and {"verb":"session_end","where":[…],"a_second":100}: {"sessions":12}.
void add_session_verbs(HandlerTable& table, SessionHandler handler);

}  // namespace sallyport::control
