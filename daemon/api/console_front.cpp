#include "daemon/api/console_front.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/api/console_service.h"
#include "daemon/http/tls.h"

namespace sallyport::daemon {
namespace {

// A worker computes hashes and writes to disks: a few of them, so that one does not hold up the others.
constexpr std::size_t kWorkers = 4;
constexpr std::size_t kMostConnections = 512;
constexpr std::size_t kMostBody = 64u * 1024 * 1024;  // an import; others have less

// For this user alone. The link is as good as a password: it is in no log.
Result<void> write_link(const std::string& path, const std::string& text) {
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return unexpected(Error{ErrorKind::kDenied, fmt::format("cannot write {}: {}", path, std::strerror(errno)),
                            "give the daemon's user the folder", ""});
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  if (!whole) return unexpected(Error{ErrorKind::kUnavailable, "cannot write all of " + path, "", ""});
  return {};
}

}  // namespace

Result<std::unique_ptr<ConsoleFront>> ConsoleFront::start(Engine& engine, const Settings& settings,
                                                          const std::string& config_path, control::HandlerTable own) {
  const std::string folder = console_folder(settings.console.folder, settings.store.url);
  if (folder.empty()) return unexpected(invalid("the console has no folder of its own", "set folder under [console]"));
  Result<std::unique_ptr<ConsoleStore>> store = ConsoleStore::open(settings.store.url, folder + "/console.db");
  if (!store) return unexpected(store.error());

  ConsoleOptions options;
  options.config_path = config_path;
  options.folder = folder;
  options.store_url = settings.store.url;
  options.settings = settings.console;
  http::ServerOptions server;
  if (!settings.console.tls_cert.empty()) {
    HttpSettings files;
    files.tls_cert = settings.console.tls_cert;
    files.tls_key = settings.console.tls_key;
    auto tls = http::make_tls_context(files);
    if (!tls) return unexpected(tls.error());
    server.tls = std::move(*tls);
  }
  std::vector<http::Listener> listeners;
  for (const std::string& address : settings.console.listen) {
    auto listener = http::open_listener(address);
    if (!listener) return unexpected(listener.error());
    options.addresses.push_back(listener->address);
    listeners.push_back(std::move(*listener));
  }
  server.workers = kWorkers;
  server.max_connections = kMostConnections;
  server.max_body = kMostBody;

  std::unique_ptr<ConsoleFront> out(new ConsoleFront);
  out->house_ = std::make_unique<ConsoleHouse>(engine, std::move(options), std::move(*store), std::move(own));
  out->house_->accounts.sweep();
  if (Result<void> offered = out->offer_first_link(); !offered) return unexpected(offered.error());
  out->server_ =
      std::make_unique<http::Server>([house = out->house_.get()] { return std::make_unique<ConsoleService>(*house); },
                                     out->house_->metrics, std::move(listeners), std::move(server));
  if (Result<void> started = out->house_->watch.start(); !started) return unexpected(started.error());
  if (Result<void> started = out->server_->start(); !started) return unexpected(started.error());
  return out;
}

ConsoleFront::~ConsoleFront() {
  if (server_) server_->stop();
}

std::vector<std::string> ConsoleFront::urls() const {
  std::vector<std::string> out;
  for (const std::string& address : house_->options.addresses)
    out.push_back((house_->secure() ? "https://" : "http://") + address + "/");
  return out;
}

Result<void> ConsoleFront::offer_first_link() {
  const std::string path = house_->options.folder + "/first-administrator.link";
  if (!house_->accounts.first_is_missing()) {
    ::unlink(path.c_str());
    return {};
  }
  const Result<NewInvitation> invitation = house_->accounts.invite({});
  if (!invitation) return unexpected(invitation.error());
  const std::string link = urls().front() + "#/welcome/" + invitation->secret;
  if (Result<void> written = write_link(path, link + "\n"); !written) return written;
  house_->engine.log(LogLevel::notice,
                     "the console has no administrator yet; a one-time link for the first one is in " + path);
  return {};
}

void ConsoleFront::drain() {
  house_->draining.store(true, std::memory_order_relaxed);
  server_->close_doors();
}

}  // namespace sallyport::daemon
