#include "net/curl_jwks_fetcher.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

namespace sallyport {
namespace {

using namespace std::chrono_literals;

// Answers each request on loopback with what `respond` makes of it; an empty answer keeps the connection open and
// silent.
class TinyServer {
 public:
  using Respond = std::function<std::string(const std::string& request)>;
  explicit TinyServer(Respond respond) : respond_(std::move(respond)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~TinyServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int fd : held_) ::close(fd);
  }
  std::string url(const std::string& path = "/jwks") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int requests() const { return requests_; }
  std::string last() const {
    std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  void run() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
        if (n <= 0) break;
        request.append(buffer, static_cast<std::size_t>(n));
      }
      ++requests_;
      {
        std::lock_guard lock(mutex_);
        last_ = request;
      }
      const std::string answer = respond_(request);
      for (std::size_t sent = 0; sent < answer.size();) {
        const ssize_t n = ::send(fd, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
      }
      if (answer.empty())
        held_.push_back(fd);
      else
        ::close(fd);
    }
  }

  Respond respond_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0};
  mutable std::mutex mutex_;
  std::string last_;
  std::vector<int> held_;
  std::thread thread_;
};

std::string http(const std::string& status, const std::string& headers, const std::string& body = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

FetchResult fetch(FetchRequest request) {
  CurlJwksFetcher fetcher;
  fetcher.start(7, std::move(request));
  for (;;) {
    auto done = fetcher.wait(10'000);
    if (done.empty()) continue;
    EXPECT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0].id, 7u);
    return std::move(done[0].result);
  }
}
FetchRequest request_for(std::string url) { return {std::move(url), {}, std::make_shared<const FetchOptions>(), true}; }

TEST(CurlJwksFetcherTest, BringsTheBodyAndTheHeadersThatCount) {
  TinyServer server([](const std::string&) {
    return http("200 OK",
                "ETag: \"v1\"\r\nCache-Control: public\r\ncache-control: max-age=5\r\nContent-Type: "
                "application/json\r\nRetry-After: 9\r\n",
                "{}");
  });
  const FetchResult r = fetch(request_for(server.url()));
  EXPECT_EQ(r.outcome, FetchOutcome::ok) << r.detail;
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, "{}");
  EXPECT_EQ(r.headers.etag, "\"v1\"");
  EXPECT_EQ(r.headers.cache_control, "public, max-age=5");
  EXPECT_EQ(r.headers.content_type, "application/json");
  EXPECT_EQ(r.headers.retry_after, "9");
}

TEST(CurlJwksFetcherTest, ShowsTheEtagAndTheConfiguredHeaders) {
  TinyServer server([](const std::string&) { return http("304 Not Modified", ""); });
  auto options = std::make_shared<FetchOptions>();
  options->headers.emplace_back("Authorization", Secret("Bearer canary"));
  EXPECT_EQ(fetch({server.url(), "\"v1\"", options, true}).outcome, FetchOutcome::not_modified);
  EXPECT_NE(server.last().find("If-None-Match: \"v1\"\r\n"), std::string::npos);
  EXPECT_NE(server.last().find("Authorization: Bearer canary\r\n"), std::string::npos);
  fetch({server.url(), "", options, false});
  EXPECT_EQ(server.last().find("canary"), std::string::npos) << "not for a host that a document leads to";
  EXPECT_EQ(server.last().find("If-None-Match"), std::string::npos);
}

TEST(CurlJwksFetcherTest, FollowsRedirectsWithinTheOriginAndNotForEver) {
  TinyServer server([](const std::string& request) {
    if (request.starts_with("GET /old ")) return http("301 Moved", "Location: /new?x=1\r\n");
    if (request.starts_with("GET /loop ")) return http("302 Found", "Location: /loop\r\n");
    if (request.starts_with("GET /away ")) return http("302 Found", "Location: http://localhost:1/\r\n");
    if (request.starts_with("GET /file ")) return http("302 Found", "Location: file:///etc/passwd\r\n");
    return http("200 OK", "", "arrived");
  });
  EXPECT_EQ(fetch(request_for(server.url("/old"))).body, "arrived");
  const int before = server.requests();
  EXPECT_EQ(fetch(request_for(server.url("/loop"))).outcome, FetchOutcome::too_many_redirects);
  EXPECT_EQ(server.requests() - before, 4);
  EXPECT_EQ(fetch(request_for(server.url("/away"))).outcome, FetchOutcome::redirected_elsewhere);
  EXPECT_EQ(fetch(request_for(server.url("/file"))).outcome, FetchOutcome::unexpected_status);
}

TEST(CurlJwksFetcherTest, StopsReadingAtTheCap) {
  TinyServer server([](const std::string& request) {
    return http("200 OK", "",
                std::string(request.starts_with("GET /much ") ? kMaxFetchedBytes + 1 : kMaxFetchedBytes, ' '));
  });
  EXPECT_EQ(fetch(request_for(server.url("/much"))).outcome, FetchOutcome::too_large);
  EXPECT_EQ(fetch(request_for(server.url("/just"))).outcome, FetchOutcome::ok);
}

TEST(CurlJwksFetcherTest, NamesEachStatus) {
  const std::pair<const char*, FetchOutcome> rows[] = {
      {"401 No", FetchOutcome::unauthorized},     {"403 No", FetchOutcome::forbidden},
      {"404 No", FetchOutcome::not_found},        {"410 No", FetchOutcome::not_found},
      {"429 No", FetchOutcome::rate_limited},     {"500 No", FetchOutcome::server_error},
      {"503 No", FetchOutcome::server_error},     {"204 No", FetchOutcome::unexpected_status},
      {"418 No", FetchOutcome::unexpected_status}};
  for (const auto& [status, outcome] : rows) {
    TinyServer server([status = status](const std::string&) { return http(status, ""); });
    EXPECT_EQ(fetch(request_for(server.url())).outcome, outcome) << status;
  }
}

TEST(CurlJwksFetcherTest, NeverLooksAtTheProxiesOfTheEnvironment) {
  TinyServer server([](const std::string&) { return http("200 OK", "", "straight"); });
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"})
    ::setenv(name, "http://127.0.0.1:1", 1);
  EXPECT_EQ(fetch(request_for(server.url())).body, "straight");
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"}) ::unsetenv(name);
}

TEST(CurlJwksFetcherTest, GoesThroughTheConfiguredProxyAloneAndSaysWhenItFails) {
  TinyServer proxy([](const std::string&) { return http("200 OK", "", "by proxy"); });
  auto options = std::make_shared<FetchOptions>();
  options->proxy = proxy.url("");
  options->allow_http = true;
  ::setenv("no_proxy", "*", 1);
  EXPECT_EQ(fetch({"http://id.example.invalid/jwks", "", options, true}).body, "by proxy");
  ::unsetenv("no_proxy");
  auto broken = std::make_shared<FetchOptions>();
  broken->proxy = "http://127.0.0.1:1";
  EXPECT_EQ(fetch({"https://id.example.invalid/jwks", "", broken, true}).outcome, FetchOutcome::proxy_failed);
}

TEST(CurlJwksFetcherTest, RefusesWithoutAskingAnybody) {
  EXPECT_EQ(fetch(request_for("ftp://127.0.0.1/")).outcome, FetchOutcome::bad_address);
  EXPECT_EQ(fetch(request_for("")).outcome, FetchOutcome::bad_address);
  EXPECT_EQ(fetch(request_for("http://192.0.2.1/")).outcome, FetchOutcome::plain_http);
  EXPECT_EQ(fetch(request_for("https://169.254.169.254/latest/meta-data/")).outcome, FetchOutcome::address_refused);
  EXPECT_EQ(fetch(request_for("https://[fe80::1]/")).outcome, FetchOutcome::address_refused);
  EXPECT_EQ(fetch(request_for("https://2852039166/")).outcome, FetchOutcome::address_refused)
      << "169.254.169.254 as one number";
  EXPECT_EQ(fetch(request_for("https://[::ffff:169.254.169.254]/")).outcome, FetchOutcome::address_refused);
}

TEST(CurlJwksFetcherTest, GivesUpAfterItsTime) {
  TinyServer server([](const std::string&) { return std::string(); });
  auto options = std::make_shared<FetchOptions>();
  options->timeout_ms = 200;
  const auto begin = std::chrono::steady_clock::now();
  const FetchResult r = fetch({server.url(), "", options, true});
  EXPECT_EQ(r.outcome, FetchOutcome::timed_out);
  EXPECT_EQ(r.detail, "connected, and waiting for the answer");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(CurlJwksFetcherTest, IsCancelledAtOnceAndServesOthersMeanwhile) {
  TinyServer silent([](const std::string&) { return std::string(); });
  TinyServer quick([](const std::string&) { return http("200 OK", "", "quick"); });
  CurlJwksFetcher fetcher;
  auto options = std::make_shared<FetchOptions>();
  options->timeout_ms = 60'000;
  fetcher.start(1, {silent.url(), "", options, true});
  fetcher.start(2, {quick.url(), "", options, true});
  std::vector<Fetcher::Done> done;
  while (done.empty()) done = fetcher.wait(10'000);
  EXPECT_EQ(done[0].id, 2u);
  while (silent.requests() == 0) (void)fetcher.wait(10);
  const auto begin = std::chrono::steady_clock::now();
  fetcher.cancel(1);
  EXPECT_TRUE(fetcher.wait(0).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms);
}

TEST(CurlJwksFetcherTest, WakesFromAnyThread) {
  CurlJwksFetcher fetcher;
  std::atomic<bool> stop{false};
  std::thread waker([&] {
    while (!stop) {
      fetcher.wake();
      std::this_thread::yield();
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) (void)fetcher.wait(60'000);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
  stop = true;
  waker.join();
}

TEST(CurlJwksFetcherTest, DiesInTimeWhileANameIsLookedUp) {
  const auto begin = std::chrono::steady_clock::now();
  {
    CurlJwksFetcher fetcher;
    fetcher.start(1, request_for("https://keys.nowhere.invalid/jwks"));
    (void)fetcher.wait(0);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 900ms);
}

}  // namespace
}  // namespace sallyport
