#include "daemon/http/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "config/schema_http.h"

namespace sallyport::http {
namespace {

Error cannot(const std::string& address, int code) {
  const std::string hint = code == EADDRINUSE ? "something else listens there: ss -ltnp"
                           : code == EACCES   ? "ports under 1024 need CAP_NET_BIND_SERVICE"
                                              : "";
  return {ErrorKind::kUnavailable, fmt::format("cannot listen on {}: {}", address, std::strerror(code)), hint, ""};
}

Result<Listener> open_unix(const std::string& address, const std::string& path) {
  Result<control::BoundSocket> bound = control::listen_on(path);
  if (!bound) return unexpected(bound.error());
  // Whoever is in the owner's group may connect; who may ask is the callers' table.
  if (::chmod(path.c_str(), 0660) != 0) return unexpected(cannot(address, errno));
  ::listen(bound->fd.get(), 4096);
  Listener out;
  out.address = address;
  out.is_unix = true;
  out.unix_socket = std::move(*bound);
  out.fd = control::Descriptor(::fcntl(out.unix_socket.fd.get(), F_DUPFD_CLOEXEC, 0));
  return out;
}

}  // namespace

Result<Listener> open_listener(const std::string& address) {
  const std::optional<ListenAddress> parsed = parse_listen(address);
  if (!parsed) return unexpected(invalid("no address to listen on: " + address));
  const std::string host(parsed->host);
  if (parsed->is_unix) return open_unix(address, host);

  sockaddr_storage storage{};
  socklen_t size = 0;
  auto* four = reinterpret_cast<sockaddr_in*>(&storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
  if (::inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(parsed->port);
    size = sizeof *four;
  } else {
    ::inet_pton(AF_INET6, host.c_str(), &six->sin6_addr);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(parsed->port);
    size = sizeof *six;
  }
  Listener out;
  out.fd = control::Descriptor(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out.fd.valid()) return unexpected(cannot(address, errno));
  const int on = 1;
  ::setsockopt(out.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (storage.ss_family == AF_INET6) ::setsockopt(out.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(out.fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0)
    return unexpected(cannot(address, errno));
  if (::listen(out.fd.get(), 4096) != 0) return unexpected(cannot(address, errno));
  socklen_t got = sizeof storage;
  ::getsockname(out.fd.get(), reinterpret_cast<sockaddr*>(&storage), &got);
  const int port = ntohs(storage.ss_family == AF_INET ? four->sin_port : six->sin6_port);
  out.address = storage.ss_family == AF_INET ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
  return out;
}

}  // namespace sallyport::http
