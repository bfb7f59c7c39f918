#include "store/store_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/uninterrupted.h"

namespace sallyport {
namespace {

std::string user_name(uid_t id) {
  const passwd* found = getpwuid(id);
  return found ? std::string(found->pw_name) : std::to_string(id);
}
std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}
Error system_error(const std::string& what, const std::string& path) {
  if (errno == EACCES || errno == EPERM || errno == EROFS) return denied_store(path);
  return {ErrorKind::kUnavailable, fmt::format("{} {}: {}", what, path, std::strerror(errno)), "", ""};
}

}  // namespace

Result<std::string> resolve_store_file(const std::string& path) {
  const std::string folder = folder_of(path);
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(folder.c_str(), nullptr), &std::free);
  if (!real) {
    if (errno == EACCES) return unexpected(denied_store(path));
    return unexpected(Error{
        ErrorKind::kNotFound, fmt::format("the store's folder {} is not there", folder),
        fmt::format("make it, owned by the broker's user: install -d -o mosquitto -g mosquitto -m 750 {}", folder),
        ""});
  }
  const std::string name = path.substr(path.rfind('/') + 1);
  std::string resolved = std::string(real.get()) == "/" ? "/" + name : std::string(real.get()) + "/" + name;
  struct stat st {};
  if (::lstat(resolved.c_str(), &st) == 0) {
    if (S_ISLNK(st.st_mode))
      return unexpected(Error{ErrorKind::kDenied, fmt::format("the store {} is a symbolic link", path),
                              "name the file itself in [store] url", ""});
    if (!S_ISREG(st.st_mode))
      return unexpected(Error{ErrorKind::kInvalid, fmt::format("the store {} is no file", path), "", ""});
  }
  return resolved;
}

Result<void> make_store_file(const std::string& resolved) {
  if (::access(resolved.c_str(), F_OK) == 0) return {};
  struct stat folder {};
  if (::stat(folder_of(resolved).c_str(), &folder) != 0)
    return unexpected(system_error("cannot read", folder_of(resolved)));
  const int file =
      uninterrupted([&] { return ::open(resolved.c_str(), O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600); });
  if (file < 0) {
    if (errno == EEXIST) return {};  // another process was first
    return unexpected(system_error("cannot make the store", resolved));
  }
  mode_t mode = 0600;
  if (folder.st_mode & S_IRGRP) mode |= S_IRGRP;
  if (folder.st_mode & S_IWGRP) mode |= S_IRGRP | S_IWGRP;
  const bool ours = ::geteuid() != 0 || ::fchown(file, folder.st_uid, folder.st_gid) == 0;
  // The group is the folder's only where we could set it.
  const bool done =
      ours &&
      ::fchmod(file, ::geteuid() == 0 ? mode : mode_t{0600} | (folder.st_gid == ::getegid() ? mode : mode_t{0})) == 0;
  const int kept = errno;
  ::close(file);
  if (done) return {};
  ::unlink(resolved.c_str());
  errno = kept;
  return unexpected(system_error("cannot set the owner of the store", resolved));
}

Error missing_store(const std::string& path) {
  return {ErrorKind::kNotFound, fmt::format("the store {} is not there", path),
          "sallyport user add makes it; or put its backup back", ""};
}

Error denied_store(const std::string& path) {
  struct stat st {};
  const bool file = ::stat(path.c_str(), &st) == 0;
  const bool known = file || ::stat(folder_of(path).c_str(), &st) == 0;
  std::string cause = fmt::format("user {} may not open the store {}", user_name(::geteuid()), path);
  if (known)
    cause += fmt::format(" ({} belongs to {}, mode {:04o})", file ? "it" : "its folder", user_name(st.st_uid),
                         st.st_mode & 07777U);
  return {ErrorKind::kDenied, std::move(cause),
          "run this as root or as that user; the folder and the file must belong to the broker's user: chown -R "
          "mosquitto: FOLDER",
          ""};
}

}  // namespace sallyport
