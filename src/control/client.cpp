#include "control/client.h"

#include <sys/socket.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "control/message.h"
#include "control/unix_socket.h"

namespace sallyport::control {
namespace {
Error broken_off(const std::string& path, const char* what) {
  return {ErrorKind::kUnavailable, std::string(what) + " on " + path,
          "is the broker being stopped, or too busy? ask again", ""};
}
}  // namespace

Result<nlohmann::json> ControlClient::ask(const nlohmann::json& request) const {
  const auto fd = connect_to(path_, timeout_ms_);
  if (!fd) return unexpected(fd.error());

  const std::string line = to_line(request);
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = ::send(fd->get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;  // a server that refuses may have said why already: read on
    sent += static_cast<std::size_t>(n);
  }
  std::string reply;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::recv(fd->get(), buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return unexpected(
          broken_off(path_, errno == EAGAIN || errno == EWOULDBLOCK ? "no answer in time" : "the answer broke off"));
    if (n == 0) break;
    reply.append(buffer, static_cast<std::size_t>(n));
    if (reply.size() > kMaxReplyBytes) return unexpected(broken_off(path_, "the answer is too long"));
  }
  const std::size_t end = reply.find('\n');
  if (end == std::string::npos) return unexpected(broken_off(path_, "the answer broke off"));
  return parse_reply(std::string_view(reply).substr(0, end));
}

}  // namespace sallyport::control
