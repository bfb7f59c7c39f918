#include "cli/key_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/uninterrupted.h"

namespace sallyport::cli {
namespace {

Error system_error(const std::string& what, const std::string& path) {
  const int e = errno;
  if (e == EEXIST)
    return {ErrorKind::kConflict, "it is there already and is not overwritten",
            "choose another --out or --name, or move it away", path};
  const ErrorKind kind = e == EACCES || e == EPERM || e == EROFS ? ErrorKind::kDenied
                         : e == ENOENT                           ? ErrorKind::kNotFound
                                                                 : ErrorKind::kUnavailable;
  return {kind, what + ": " + std::strerror(e), "", path};
}

}  // namespace

Result<void> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  struct stat info {};
  if (errno == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return unexpected(system_error("the folder cannot be made", path));
}

Result<void> write_new_file(const std::string& path, std::string_view bytes, bool owner_only) {
  const int fd = uninterrupted([&] {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, owner_only ? 0600 : 0644);
  });
  if (fd < 0) return unexpected(system_error("the file cannot be made", path));
  bool good = true;
  for (std::size_t done = 0; good && done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) done += static_cast<std::size_t>(n);
  }
  good = good && uninterrupted([&] { return ::fsync(fd); }) == 0;
  const int e = errno;
  ::close(fd);
  if (good) return {};
  ::unlink(path.c_str());
  errno = e;
  return unexpected(system_error("the file cannot be written", path));
}

}  // namespace sallyport::cli
