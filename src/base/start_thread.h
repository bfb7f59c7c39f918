// A thread of ours: it takes no signal, for in a broker those are the broker's; and where the machine gives none, that
// is an error with words, not an exception.
#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/signals_blocked.h"

namespace sallyport {

template <class Run>
Result<std::thread> start_thread(Run run) {
  const SignalsBlocked blocked;
  try {
    return std::thread(std::move(run));
  } catch (const std::system_error&) {
    return unexpected(Error{ErrorKind::kUnavailable, "the machine gives us no thread",
                            "raise the limit of threads (ulimit -u, systemd's TasksMax=)", ""});
  }
}

}  // namespace sallyport
