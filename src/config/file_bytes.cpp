#include "config/file_bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/uninterrupted.h"
#include "config/load.h"
#include "config/toml_tree.h"

namespace sallyport {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Error cannot_read(const std::string& path, int code) {
  if (code == ENOENT || code == ENOTDIR)
    return {ErrorKind::kNotFound, "no such file: " + path, "check the path; relative paths start at the settings file",
            ""};
  if (code == EACCES || code == EPERM)
    return {ErrorKind::kDenied, "not allowed to read " + path,
            "give the user that runs this (the broker's, in a broker) the right to read it and to enter its folders",
            ""};
  return {ErrorKind::kUnavailable, fmt::format("cannot read {}: {}", path, std::strerror(code)), "", ""};
}

}  // namespace

Result<FileBytes> read_file_bytes(const std::string& path, std::size_t cap) {
  // O_NONBLOCK: a pipe in the place of a file must not hold the broker.
  const Descriptor file{uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); })};
  if (file.fd < 0) return unexpected(cannot_read(path, errno));
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return unexpected(cannot_read(path, errno));
  if (S_ISDIR(info.st_mode)) return unexpected(invalid(path + " is a folder", "name a file in it"));
  if (!S_ISREG(info.st_mode)) return unexpected(invalid(path + " is not a regular file"));
  FileBytes out;
  out.others_read = (info.st_mode & S_IROTH) != 0;
  out.others_write = (info.st_mode & S_IWOTH) != 0;
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(file.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unexpected(cannot_read(path, errno));
    if (n == 0) break;
    out.bytes.append(buffer, static_cast<std::size_t>(n));
    if (out.bytes.size() > cap)
      return unexpected(invalid(fmt::format("{} is longer than {} bytes", path, cap), "is this the right file?"));
  }
  explicit_bzero(buffer, sizeof buffer);
  return out;
}

std::string digest_bytes(const std::string& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{}-{:016x}", bytes.size(), hash);
}

std::string digest_file(const std::string& path) {
  auto file = read_file_bytes(path, kMaxSettingsBytes);
  return file ? digest_bytes(file->bytes) : std::string();
}

}  // namespace sallyport
