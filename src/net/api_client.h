// ApiClient: short questions to one management API, one at a time, over a connection
// that is kept. Blocks its thread, in bounded time; no redirect, no proxy, no cookie.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/secret.h"

namespace sallyport {

inline constexpr std::size_t kMostApiBytes = 64u * 1024 * 1024;  // of an answer: a list of a large broker's connections

struct ApiAnswer {
  int status = 0;     // 0: no answer
  std::string body;   // up to a cap
  std::string fault;  // in words, where there is no answer
  std::string etag = {};
};

struct ApiRequest {
  std::string method;
  std::string path;  // begins with "/", its parts percent_encode()d
  std::string body, content_type;
  std::string if_match;
};

struct ApiClientOptions {
  std::string base;  // "https://broker.example:15671", without a "/" at its end
  std::string user;
  Secret password;
  Secret bearer;        // instead of user and password
  std::string ca_file;  // empty: the system's
  int timeout_ms = 5000;
};

class ApiClient {
 public:
  explicit ApiClient(ApiClientOptions options);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;
  ApiAnswer ask(const std::string& method, const std::string& path) {
    return ask({.method = method, .path = path, .body = {}, .content_type = {}, .if_match = {}});
  }
  ApiAnswer ask(const ApiRequest& request);
  // Ends the question that is under way, and all later ones. Any thread.
  void cancel() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
