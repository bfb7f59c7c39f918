// CurlTransfer: one question to one server and its answer, for net's .cpp alone.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "keys/fetcher.h"
#include "keys/source_url.h"

namespace sallyport {

struct CurlFree {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

class CurlTransfer {
 public:
  explicit CurlTransfer(FetchRequest request);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Sets the handle up for `url`. A refusal that needs no network is the result.
  std::optional<FetchResult> prepare(const std::string& url);
  const std::string& url() const noexcept { return request_.url; }
  CURL* handle() const noexcept { return handle_.get(); }
  // After the transfer ended with `code`: its result, or nothing where a redirect within the origin is to be followed
  // (prepare() has been called for it).
  std::optional<FetchResult> finish(CURLcode code);

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  FetchResult result(FetchOutcome outcome, std::string detail = {});
  FetchResult classify(CURLcode code);
  std::string where_time_went() const;

  FetchRequest request_;
  SourceUrl url_;
  std::unique_ptr<CURL, CurlFree> handle_;
  std::unique_ptr<curl_slist, CurlFree> headers_;
  char error_[CURL_ERROR_SIZE] = {};
  std::string body_;
  std::size_t header_bytes_ = 0;
  FetchHeaders answer_;
  bool too_large_ = false;
  std::optional<FetchOutcome> refused_;
  std::string refused_address_;
  int redirects_ = 0;
};

}  // namespace sallyport
