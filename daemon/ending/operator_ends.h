// OperatorEnds: clients whom an operator sends away, some a second: `session end`. The
// order comes on the control socket's thread; the ends are the main thread's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "auth/session_query.h"
#include "base/result.h"
#include "control/session_verbs.h"

namespace sallyport::daemon {

struct House;

class OperatorEnds {
 public:
  explicit OperatorEnds(House& house) : house_(house) {}

  // How many are in whom the order means, as far as this node let them in or was asked about them; where it says so,
  // they go.
  Result<std::size_t> give(const control::SessionOrder& order);
  // As many as the pace allows since the last ones; call it a few times a second.
  void tick();

 private:
  struct Waiting {
    std::string client;  // make_client_key()'s
    std::shared_ptr<const SessionQuery> where;
  };
  void end(const Waiting& one);

  House& house_;
  std::mutex mutex_;  // of what is below
  std::deque<Waiting> waiting_;
  std::size_t a_second_ = 0;
  std::int64_t gone_until_ms_ = 0;
};

}  // namespace sallyport::daemon
