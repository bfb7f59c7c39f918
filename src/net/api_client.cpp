#include "net/api_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <string_view>

namespace sallyport {
namespace {

struct Free {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};

struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

// A library's words as one line.
std::string one_line(std::string_view text) {
  std::string out(text.substr(0, 200));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

}  // namespace

struct ApiClient::Impl {
  ApiClientOptions options;
  std::atomic<bool> cancelled{false};
  std::unique_ptr<CURL, Free> handle{curl_easy_init()};
  std::string body, etag;
  char error[CURL_ERROR_SIZE] = {};

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& one = *static_cast<Impl*>(self);
    const std::size_t n = size * count;
    if (one.body.size() + n > kMostApiBytes) return 0;
    try {
      one.body.append(data, n);
    } catch (const std::bad_alloc&) {
      return 0;
    }
    return n;
  }
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
    const std::string_view line(data, size * count);
    constexpr std::string_view name = "etag:";
    if (line.size() > name.size() && line.size() < 200 &&
        std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) { return a == (b | 0x20); })) {
      std::string_view value = line.substr(name.size());
      while (!value.empty() && static_cast<unsigned char>(value.front()) <= ' ') value.remove_prefix(1);
      while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
      try {
        static_cast<Impl*>(self)->etag = value;
      } catch (const std::bad_alloc&) {
        return 0;
      }
    }
    return size * count;
  }
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Impl*>(self)->cancelled.load(std::memory_order_relaxed) ? 1 : 0;
  }
};

ApiClient::ApiClient(ApiClientOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->options = std::move(options);
}

ApiClient::~ApiClient() = default;

void ApiClient::cancel() noexcept { impl_->cancelled.store(true, std::memory_order_relaxed); }

ApiAnswer ApiClient::ask(const ApiRequest& request) {
  Impl& one = *impl_;
  CURL* const c = one.handle.get();
  if (!c) return {.status = 0, .body = {}, .fault = "no handle", .etag = {}};
  if (one.cancelled.load(std::memory_order_relaxed)) return {.status = 0, .body = {}, .fault = "cancelled", .etag = {}};
  curl_easy_reset(c);
  one.body.clear();
  one.etag.clear();
  one.error[0] = '\0';
  const std::string url = one.options.base + request.path;
  std::string password(one.options.password.view());
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = good && curl_easy_setopt(c, option, value) == CURLE_OK;
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(CURLOPT_FOLLOWLOCATION, 0L);
  std::string bearer(one.options.bearer.view());
  if (!bearer.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(CURLOPT_XOAUTH2_BEARER, bearer.c_str());
  } else {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, one.options.user.c_str());
    set(CURLOPT_PASSWORD, password.c_str());
  }
  std::unique_ptr<curl_slist, FreeList> headers;
  const auto add_header = [&](const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
    good = good && longer;
    if (!longer) return;
    (void)headers.release();
    headers.reset(longer);
  };
  if (!request.if_match.empty()) add_header("if-match: " + request.if_match);
  if (!request.content_type.empty()) add_header("content-type: " + request.content_type);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    add_header("expect:");
  }
  if (headers) set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_HEADERFUNCTION, &Impl::on_header);
  set(CURLOPT_HEADERDATA, &one);
  set(CURLOPT_USERAGENT, "sallyport/" SALLYPORT_VERSION);
  // Empty text, not null: null would let http_proxy and the like of the environment speak.
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(one.options.timeout_ms));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(one.options.timeout_ms));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!one.options.ca_file.empty()) {
    set(CURLOPT_CAINFO, one.options.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set(CURLOPT_WRITEFUNCTION, &Impl::on_body);
  set(CURLOPT_WRITEDATA, &one);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Impl::on_progress);
  set(CURLOPT_XFERINFODATA, &one);
  set(CURLOPT_ERRORBUFFER, one.error);
  const CURLcode code = good ? curl_easy_perform(c) : CURLE_FAILED_INIT;
  // libcurl keeps a copy of its own until the next option; ours ends here.
  wipe(password);
  wipe(bearer);
  ApiAnswer out;
  if (code != CURLE_OK) {
    out.fault = one_line(one.error[0] ? one.error : curl_easy_strerror(code));
    return out;
  }
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  out.status = static_cast<int>(status);
  out.body = std::move(one.body);
  out.etag = std::move(one.etag);
  return out;
}

}  // namespace sallyport
