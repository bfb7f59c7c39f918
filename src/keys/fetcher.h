// Fetcher: how documents come over the network, seen from those who need them. The
// refresher starts fetches and waits for all of them at once on its one thread;
// net/curl_jwks_fetcher.* is the real one, tests have their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "keys/fetch_outcome.h"

namespace sallyport {

inline constexpr std::size_t kMaxFetchedBytes = 1024 * 1024;  // after decompression

// How one source is asked; does not change between its fetches.
struct FetchOptions {
  std::int64_t timeout_ms = 5'000;  // to connect, and for the whole
  std::string ca_file;              // trusted instead of the system's authorities; empty: those
  std::string client_cert, client_key;
  std::vector<std::pair<std::string, Secret>> headers;
  std::string proxy;                     // empty: none, whatever the environment says
  bool allow_http = false;               // to more than loopback
  std::vector<std::string> allow_hosts;  // may be at special addresses
};

struct FetchRequest {
  std::string url;
  std::string etag;  // of what is known already; empty: fetch anew
  std::shared_ptr<const FetchOptions> options;
  bool send_headers = true;
};

// Headers as they came; keys/freshness.h reads them.
struct FetchHeaders {
  std::string etag, content_type, cache_control, expires, date, age, retry_after;
};

struct FetchResult {
  FetchOutcome outcome = FetchOutcome::internal;  // ok: a 200 with its whole body
  int status = 0;                                 // the last HTTP status; 0: none
  std::string detail;                             // in a library's words, one line, no secrets; may be empty
  std::string body;
  FetchHeaders headers;
};

// What a decision may touch: makes the thread that waits look up, without waiting itself.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void wake() noexcept = 0;  // any thread
};

class Fetcher : public Waker {
 public:
  struct Done {
    std::uint64_t id = 0;
    FetchResult result;
  };
  // All three from one thread.
  virtual void start(std::uint64_t id, FetchRequest request) = 0;
  virtual void cancel(std::uint64_t id) = 0;  // gone at once; no Done follows
  // Until a fetch is done, wake() was called or `timeout_ms` is over.
  virtual std::vector<Done> wait(std::int64_t timeout_ms) = 0;
};

}  // namespace sallyport
