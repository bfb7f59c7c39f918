// The control socket as a file: made for its owner alone, and never in the place of
// something that is not a dead socket of ours.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "base/result.h"

namespace sallyport::control {

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }
  void close() noexcept;

 private:
  int fd_ = -1;
};

// A listening socket and the inode that it has in the file system.
struct BoundSocket {
  Descriptor fd;
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;

  // Takes the file away, if it is still the one that was made.
  void unlink() const noexcept;
};

// Non-blocking, mode 0600 from its first moment. A socket that nobody answers on is replaced; one that somebody
// answers on, and anything that is no socket, is an error.
Result<BoundSocket> listen_on(const std::string& path);
// Blocking, with `timeout_ms` on each send and receive.
Result<Descriptor> connect_to(const std::string& path, int timeout_ms);
// Whether the other end is this process's user or root.
bool peer_is_owner(int fd) noexcept;

}  // namespace sallyport::control
