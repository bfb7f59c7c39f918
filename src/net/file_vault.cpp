#include "net/file_vault.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/uninterrupted.h"
#include "keys/fetcher.h"

namespace sallyport {
namespace {

constexpr std::string_view kFormat = "sallyport-jwks 1";
constexpr std::size_t kMaxFileBytes = kMaxFetchedBytes + 16 * 1024;

// FNV-1a: tells a torn or edited file, not a forged one; who can forge it could as well change the settings beside it.
std::string digest(std::string_view bytes) {
  std::uint64_t h = 14'695'981'039'346'656'037u;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(h));
  return text;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Error system_fault(const std::string& what, const std::string& path) {
  return {errno == EACCES || errno == EPERM || errno == EROFS ? ErrorKind::kDenied : ErrorKind::kUnavailable,
          what + ": " + std::strerror(errno), "the folder of [jwt] jwks_cache must be writable for the broker's user",
          path};
}

// Takes one line of the head; nothing where there is none.
std::optional<std::string> line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string out(rest.substr(0, end));
  rest.remove_prefix(end + 1);
  return out;
}

bool one_line(std::string_view text) { return text.find_first_of("\r\n") == std::string_view::npos; }

}  // namespace

std::string FileVault::path_of(const std::string& address) const { return folder_ + "/" + digest(address) + ".jwks"; }

std::optional<StoredDocument> FileVault::load(const std::string& address) {
  const Descriptor fd(
      uninterrupted([&] { return ::open(path_of(address).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); }));
  struct stat st {};
  if (fd.get() < 0 || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return std::nullopt;
  // Keys let people in: a file that somebody else may have written is not believed. Root asks about the broker's.
  if ((st.st_uid != ::geteuid() && ::geteuid() != 0) || (st.st_mode & 0077) != 0) return std::nullopt;
  if (st.st_size <= 0 || static_cast<std::size_t>(st.st_size) > kMaxFileBytes) return std::nullopt;
  std::string text(static_cast<std::size_t>(st.st_size), '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const ssize_t n = ::read(fd.get(), text.data() + got, text.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    got += static_cast<std::size_t>(n);
  }
  std::string_view rest = text;
  const auto format = line(rest), sum = line(rest);
  if (!format || *format != kFormat || !sum || *sum != digest(rest)) return std::nullopt;
  StoredDocument out;
  const auto whose = line(rest), etag = line(rest), at = line(rest);
  // The ETag goes back to the server in a header: one that save() would not have written is not read either.
  if (!whose || *whose != address || !etag || !one_line(*etag) || !at) return std::nullopt;
  out.address = address;
  out.etag = *etag;
  out.confirmed_at = std::strtoll(at->c_str(), nullptr, 10);
  out.body = std::string(rest);
  return out;
}

Result<void> FileVault::save(const StoredDocument& document) {
  if (!one_line(document.address) || !one_line(document.etag))
    return unexpected(invalid("the document's head is not of one line each"));
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
    return unexpected(system_fault("the folder cannot be made", folder_));
  const std::string content =
      document.address + "\n" + document.etag + "\n" + std::to_string(document.confirmed_at) + "\n" + document.body;
  const std::string text = std::string(kFormat) + "\n" + digest(content) + "\n" + content;
  const std::string path = path_of(document.address);
  std::string temporary = path + ".XXXXXX";
  const Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (fd.get() < 0) return unexpected(system_fault("the key set cannot be written", folder_));
  const auto give_up = [&](const char* what) {
    Error e = system_fault(what, path);
    ::unlink(temporary.c_str());
    return unexpected(std::move(e));
  };
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t n = ::write(fd.get(), text.data() + sent, text.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return give_up("the key set cannot be written");
    sent += static_cast<std::size_t>(n);
  }
  if (uninterrupted([&] { return ::fsync(fd.get()); }) != 0) return give_up("the key set cannot be written to disk");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up("the key set cannot be put in its place");
  return {};
}

}  // namespace sallyport
