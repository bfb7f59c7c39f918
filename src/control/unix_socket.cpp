#include "control/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sallyport::control {
namespace {

std::string errno_text(int code) {
  char buffer[128] = {};
  return strerror_r(code, buffer, sizeof buffer);  // GNU's returns the text
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.front() != '/')
    return unexpected(invalid("the control socket's path must start with /: \"" + path + "\""));
  if (path.size() >= sizeof address.sun_path)
    return unexpected(invalid(
        "the control socket's path is longer than " + std::to_string(sizeof address.sun_path - 1) + " bytes: " + path,
        "set a shorter [control] socket, such as /run/mosquitto/sallyport.sock"));
  if (path.find('\0') != std::string::npos) return unexpected(invalid("the control socket's path holds a NUL"));
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int connect_address(int fd, const sockaddr_un& address) {
  int rc;
  do rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  while (rc < 0 && errno == EINTR);
  return rc < 0 ? errno : 0;
}

// Makes room for the socket where a dead one lies; an error where the place is anything else's.
Result<void> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return unexpected(Error{ErrorKind::kDenied, "cannot look at " + path + ": " + errno_text(errno), "", ""});
  }
  if (!S_ISSOCK(info.st_mode))
    return unexpected(Error{ErrorKind::kConflict, path + " is there and is no socket",
                            "name another [control] socket, or move that file away", ""});
  Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return unexpected(Error{ErrorKind::kUnavailable, "no socket: " + errno_text(errno), "", ""});
  const int failed = connect_address(probe.get(), address);
  // EAGAIN: its backlog is full, so somebody has it.
  if (failed != ECONNREFUSED)
    return unexpected(Error{ErrorKind::kConflict,
                            failed == 0 || failed == EAGAIN ? "another process answers on " + path
                                                            : "cannot tell who has " + path + ": " + errno_text(failed),
                            "each broker needs a [control] socket of its own", ""});
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return unexpected(Error{ErrorKind::kDenied, "cannot replace the dead socket " + path + ": " + errno_text(errno),
                            "remove it, or give the folder to the broker's user", ""});
  return {};
}

}  // namespace

void Descriptor::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void BoundSocket::unlink() const noexcept {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode) && info.st_dev == device && info.st_ino == inode)
    ::unlink(path.c_str());
}

Result<BoundSocket> listen_on(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return unexpected(address.error());
  if (const auto cleared = clear_stale(path, *address); !cleared) return unexpected(cleared.error());

  BoundSocket bound;
  bound.path = path;
  bound.fd = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!bound.fd.valid()) return unexpected(Error{ErrorKind::kUnavailable, "no socket: " + errno_text(errno), "", ""});
  // Linux gives the file the descriptor's own mode at bind: there is no moment in which others could connect, and
  // the process's umask, which the broker's threads share, is left alone.
  if (::fchmod(bound.fd.get(), S_IRUSR | S_IWUSR) != 0)
    return unexpected(
        Error{ErrorKind::kInternal, "cannot set the control socket's mode: " + errno_text(errno), "", ""});
  if (::bind(bound.fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    const int code = errno;
    return unexpected(Error{code == ENOENT || code == EACCES ? ErrorKind::kDenied : ErrorKind::kUnavailable,
                            "cannot make the control socket " + path + ": " + errno_text(code),
                            "its folder must be there, and the broker's user must be able to write in it", ""});
  }
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    bound.device = info.st_dev;
    bound.inode = info.st_ino;
  }
  if (::listen(bound.fd.get(), 16) != 0) {
    bound.unlink();
    return unexpected(Error{ErrorKind::kUnavailable, "cannot listen on " + path + ": " + errno_text(errno), "", ""});
  }
  return bound;
}

Result<Descriptor> connect_to(const std::string& path, int timeout_ms) {
  const auto address = address_of(path);
  if (!address) return unexpected(address.error());
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return unexpected(Error{ErrorKind::kUnavailable, "no socket: " + errno_text(errno), "", ""});
  const timeval limit{timeout_ms / 1000, (timeout_ms % 1000) * 1000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  switch (const int failed = connect_address(fd.get(), *address)) {
    case 0:
      return fd;
    case ENOENT:
    case ECONNREFUSED:
      return unexpected(Error{
          ErrorKind::kUnavailable, "no running broker answers on " + path,
          "start the broker with the plugin and these settings; its log says whether the control socket could be made",
          ""});
    case EACCES:
    case EPERM:
      return unexpected(Error{ErrorKind::kDenied, "not allowed to ask on " + path,
                              "run the command as the broker's user, such as: sudo -u mosquitto sallyport ...", ""});
    default:
      return unexpected(Error{ErrorKind::kUnavailable, "cannot ask on " + path + ": " + errno_text(failed), "", ""});
  }
}

bool peer_is_owner(int fd) noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace sallyport::control
