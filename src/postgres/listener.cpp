#include "postgres/listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/start_thread.h"

namespace sallyport::postgres {
namespace {
constexpr int kRetryMs = 300;
// A connection that says nothing may be one that was cut: it is asked now and then.
constexpr int kQuietMs = 1000;
}  // namespace

Listener::Listener(std::string url, const char* channel, Hooks hooks)
    : url_(std::move(url)), channel_(channel), hooks_(std::move(hooks)), stop_(::eventfd(0, EFD_CLOEXEC)) {
  // Without a thread nobody is told anything; those who listen look for themselves all the same.
  if (Result<std::thread> started = start_thread([this] { run(); })) thread_ = std::move(*started);
}

Listener::~Listener() {
  const std::uint64_t one = 1;
  (void)!::write(stop_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  ::close(stop_);
}

bool Listener::stopped_within(int ms) const {
  pollfd waits{stop_, POLLIN, 0};
  return ::poll(&waits, 1, ms) > 0;
}

void Listener::run() {
  const std::string listen = std::string("LISTEN ") + channel_;
  do {
    Result<std::unique_ptr<Connection>> opened = Connection::open(url_);
    if (!opened || !(*opened)->execute(listen.c_str())) continue;
    Connection& connection = **opened;
    hooks_.connected();
    while (!connection.broken()) {
      pollfd waits[] = {{stop_, POLLIN, 0}, {connection.descriptor(), POLLIN, 0}};
      const int ready = ::poll(waits, 2, kQuietMs);
      if (waits[0].revents) return;
      if (ready == 0 && !connection.execute("SELECT 1")) break;
      connection.take_notices(hooks_.notice);
    }
  } while (!stopped_within(kRetryMs));
}

}  // namespace sallyport::postgres
