#include "net/probe.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "net/url_policy.h"

namespace sallyport {
namespace {

struct Seen {
  const SourceUrl* url;
  const FetchOptions* options;
};

curl_socket_t open_checked(void* self, curlsocktype, curl_sockaddr* address) {
  const auto& seen = *static_cast<const Seen*>(self);
  if (refuse_address(&address->addr, *seen.url, *seen.options)) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void take(std::string_view line, std::string_view name, std::string& out) {
  if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') return;
  out = std::string(line.substr(name.size() + 1, 400));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
}

}  // namespace

AddressList look_up(const SourceUrl& url, std::string& words) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &list);
  if (code != 0) words = ::gai_strerror(code);
  return AddressList(code == 0 ? list : nullptr);
}

std::optional<int> try_connect(const addrinfo& address, std::int64_t timeout_ms) {
  const int fd = ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol);
  if (fd < 0) return errno;
  std::optional<int> fault;
  if (::connect(fd, address.ai_addr, address.ai_addrlen) != 0) {
    fault = errno;
    if (*fault == EINPROGRESS) {
      pollfd p{fd, POLLOUT, 0};
      const int ready = ::poll(&p, 1, static_cast<int>(std::clamp<std::int64_t>(timeout_ms, 1, 120'000)));
      int error = 0;
      socklen_t size = sizeof error;
      if (ready == 0)
        fault = ETIMEDOUT;
      else if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        fault = errno;
      else if (error != 0)
        fault = error;
      else
        fault.reset();
    }
  }
  ::close(fd);
  return fault;
}

std::vector<SeenCertificate> see_certificates(const std::string& url, const FetchOptions& options) {
  std::vector<SeenCertificate> out;
  const auto parsed = parse_source_url(url);
  if (!parsed || !parsed->https) return out;
  CURL* c = curl_easy_init();
  if (!c) return out;
  Seen seen{&*parsed, &options};
  // A look, not a fetch: the handshake is made and nothing is sent after it.
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
  curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(c, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(c, CURLOPT_NOPROXY, "");
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout_ms));
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, &open_checked);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &seen);
  curl_easy_perform(c);
  curl_certinfo* info = nullptr;
  if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &info) == CURLE_OK && info) {
    for (int i = 0; i < info->num_of_certs && i < 8; ++i) {
      SeenCertificate one;
      for (const curl_slist* line = info->certinfo[i]; line; line = line->next) {
        take(line->data, "Subject", one.subject);
        take(line->data, "Issuer", one.issuer);
        take(line->data, "Start date", one.starts);
        take(line->data, "Expire date", one.ends);
        take(line->data, "X509v3 Subject Alternative Name", one.names);
      }
      out.push_back(std::move(one));
    }
  }
  curl_easy_cleanup(c);
  return out;
}

}  // namespace sallyport
