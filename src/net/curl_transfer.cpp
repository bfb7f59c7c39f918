#include "net/curl_transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <string_view>

#include "net/url_policy.h"

namespace sallyport {
namespace {

constexpr int kMaxRedirects = 3;
constexpr std::size_t kMaxHeaderBytes = 64 * 1024;

// A library's words as one line.
std::string one_line(std::string_view text) {
  std::string out(text.substr(0, 300));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool take_header(std::string_view line, std::string_view wanted, std::string& out) {
  if (line.size() <= wanted.size() || line[wanted.size()] != ':') return false;
  if (!std::equal(wanted.begin(), wanted.end(), line.begin(),
                  [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); }))
    return false;
  std::string_view value = line.substr(wanted.size() + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && static_cast<unsigned char>(value.back()) <= 0x20) value.remove_suffix(1);
  value = value.substr(0, 1024);
  // Several Cache-Control lines are one list (RFC 9110 5.2); of the others the last counts.
  if (wanted == "cache-control" && !out.empty())
    out += ", " + std::string(value);
  else
    out = std::string(value);
  return true;
}

FetchOutcome outcome_of_status(long status) {
  if (status == 401) return FetchOutcome::unauthorized;
  if (status == 403) return FetchOutcome::forbidden;
  if (status == 404 || status == 410) return FetchOutcome::not_found;
  if (status == 429) return FetchOutcome::rate_limited;
  return status >= 500 ? FetchOutcome::server_error : FetchOutcome::unexpected_status;
}

// OpenSSL's verdict on a chain (X509_V_ERR_…), as curl hands it on.
FetchOutcome outcome_of_verification(long verdict, std::string_view words) {
  if (verdict == 9 || verdict == 10 || words.find("has expired") != std::string_view::npos ||
      words.find("not yet valid") != std::string_view::npos)
    return FetchOutcome::certificate_expired;
  if (verdict == 62 || verdict == 64 || words.find("subject name") != std::string_view::npos ||
      words.find("does not match") != std::string_view::npos)
    return FetchOutcome::certificate_wrong_host;
  return FetchOutcome::certificate_untrusted;
}

}  // namespace

CurlTransfer::CurlTransfer(FetchRequest request) : request_(std::move(request)), handle_(curl_easy_init()) {
  if (!request_.options) request_.options = std::make_shared<const FetchOptions>();
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<CurlTransfer*>(self);
  const std::size_t n = size * count;
  if (t.body_.size() + n > kMaxFetchedBytes) {
    t.too_large_ = true;
    return 0;
  }
  try {
    t.body_.append(data, n);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return n;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<CurlTransfer*>(self);
  const std::size_t n = size * count;
  t.header_bytes_ += n;
  if (t.header_bytes_ > kMaxHeaderBytes) {
    t.too_large_ = true;
    return 0;
  }
  try {
    const std::string_view line(data, n);
    // A new status line: what an interim answer (1xx) said is not this answer's.
    if (line.starts_with("HTTP/")) t.answer_ = {};
    FetchHeaders& h = t.answer_;
    take_header(line, "etag", h.etag) || take_header(line, "content-type", h.content_type) ||
        take_header(line, "cache-control", h.cache_control) || take_header(line, "expires", h.expires) ||
        take_header(line, "date", h.date) || take_header(line, "age", h.age) ||
        take_header(line, "retry-after", h.retry_after);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return n;
}

curl_socket_t CurlTransfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& t = *static_cast<CurlTransfer*>(self);
  if (const auto refusal = refuse_address(&address->addr, t.url_, *t.request_.options)) {
    t.refused_ = refusal;
    t.refused_address_ = address_text(&address->addr);
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

FetchResult CurlTransfer::result(FetchOutcome outcome, std::string detail) {
  FetchResult r;
  r.outcome = outcome;
  long status = 0;
  if (handle_) curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  r.status = static_cast<int>(status);
  r.detail = std::move(detail);
  r.headers = answer_;
  return r;
}

std::optional<FetchResult> CurlTransfer::prepare(const std::string& url) {
  const FetchOptions& o = *request_.options;
  if (!handle_) return result(FetchOutcome::internal, "no handle");
  auto parsed = parse_source_url(url);
  if (!parsed) return result(FetchOutcome::bad_address, parsed.error().cause);
  url_ = std::move(*parsed);
  if (const auto refusal = refuse_url(url_, o)) return result(*refusal, url_.host);

  CURL* c = handle_.get();
  curl_easy_reset(c);
  body_.clear();
  header_bytes_ = 0;
  answer_ = {};
  error_[0] = '\0';
  curl_slist* list = nullptr;
  const auto add = [&list](const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
  };
  add("Accept: application/json, application/jwk-set+json");
  if (!request_.etag.empty()) add("If-None-Match: " + request_.etag);
  if (request_.send_headers)
    for (const auto& [name, value] : o.headers) {
      std::string line = name + ": " + std::string(value.view());
      add(line);
      wipe(line);
    }
  headers_.reset(list);

  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = good && curl_easy_setopt(c, option, value) == CURLE_OK;
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, url_.https ? "https" : "http");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_USERAGENT, "sallyport/" SALLYPORT_VERSION);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  // Empty text, not null: null would let http_proxy, https_proxy and no_proxy of the environment speak.
  set(CURLOPT_PROXY, o.proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(o.timeout_ms));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(o.timeout_ms));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!o.ca_file.empty()) {
    set(CURLOPT_CAINFO, o.ca_file.c_str());
    // The system's folder of authorities would be trusted beside the file.
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!o.client_cert.empty()) set(CURLOPT_SSLCERT, o.client_cert.c_str());
  if (!o.client_key.empty()) set(CURLOPT_SSLKEY, o.client_key.c_str());
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_ERRORBUFFER, error_);
#if LIBCURL_VERSION_NUM >= 0x075700
  // A name that is still being looked up must not hold the broker's shutdown.
  set(CURLOPT_QUICK_EXIT, 1L);
#endif
  if (!good) return result(FetchOutcome::internal, "libcurl does not take an option");
  return std::nullopt;
}

std::string CurlTransfer::where_time_went() const {
  curl_off_t looked_up = 0, connected = 0, secured = 0, first_byte = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
  curl_easy_getinfo(handle_.get(), CURLINFO_CONNECT_TIME_T, &connected);
  curl_easy_getinfo(handle_.get(), CURLINFO_APPCONNECT_TIME_T, &secured);
  curl_easy_getinfo(handle_.get(), CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
  if (looked_up == 0) return "while looking up the name";
  // Some libcurls count the handshake into the time to connect: a port of our own says that TCP was through.
  long port = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_LOCAL_PORT, &port);
  if (connected == 0 && port <= 0) return "while connecting";
  if (url_.https && secured == 0) return "during the TLS handshake";
  if (first_byte == 0 && header_bytes_ == 0) return "connected, and waiting for the answer";
  return "in the middle of the answer, after " + std::to_string(body_.size()) + " bytes";
}

FetchResult CurlTransfer::classify(CURLcode code) {
  const std::string words = one_line(error_[0] ? error_ : curl_easy_strerror(code));
  long proxy_status = 0, os_error = 0, verdict = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  curl_easy_getinfo(handle_.get(), CURLINFO_OS_ERRNO, &os_error);
  curl_easy_getinfo(handle_.get(), CURLINFO_SSL_VERIFYRESULT, &verdict);
  if (too_large_) return result(FetchOutcome::too_large);
  if (!request_.options->proxy.empty() && (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PROXY ||
                                           code == CURLE_COULDNT_CONNECT || proxy_status >= 300))
    return result(FetchOutcome::proxy_failed, words);
  switch (static_cast<int>(code)) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return result(header_bytes_ || url_.port ? FetchOutcome::unexpected_status : FetchOutcome::bad_address, words);
    case CURLE_COULDNT_RESOLVE_HOST:
      return result(FetchOutcome::name_not_found, words);
    case CURLE_COULDNT_CONNECT:
      if (refused_) return result(*refused_, refused_address_);
      if (os_error == ENETUNREACH || os_error == EHOSTUNREACH || os_error == EADDRNOTAVAIL || os_error == EACCES ||
          os_error == EPERM)
        return result(FetchOutcome::unreachable, words);
      return result(os_error == ECONNRESET ? FetchOutcome::connection_lost : FetchOutcome::connection_refused, words);
    case CURLE_OPERATION_TIMEDOUT:
      return result(FetchOutcome::timed_out, where_time_went());
    case CURLE_PEER_FAILED_VERIFICATION:
      return result(outcome_of_verification(verdict, words), words);
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return result(FetchOutcome::tls_files, words);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
      return result(FetchOutcome::tls_failed, words);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
      return result(FetchOutcome::connection_lost, words);
    // TLS 1.3: a server that wants a client certificate says so only after the handshake.
    case CURLE_RECV_ERROR:
      return result(words.find("alert") != std::string::npos ? FetchOutcome::tls_failed : FetchOutcome::connection_lost,
                    words);
    case CURLE_BAD_CONTENT_ENCODING:
      return result(FetchOutcome::not_json, words);
    case CURLE_WEIRD_SERVER_REPLY:
      return result(FetchOutcome::unexpected_status, words);
    case CURLE_ABORTED_BY_CALLBACK:
      return result(FetchOutcome::cancelled, words);
    default:
      return result(FetchOutcome::internal, words);
  }
}

std::optional<FetchResult> CurlTransfer::finish(CURLcode code) {
  if (code != CURLE_OK) return classify(code);
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status == 200) {
    FetchResult r = result(FetchOutcome::ok);
    r.body = std::move(body_);
    return r;
  }
  if (status == 304 && request_.etag.empty())
    return result(FetchOutcome::unexpected_status, "304 for a question that was not conditional");
  if (status == 304) return result(FetchOutcome::not_modified);
  if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) {
    const char* to = nullptr;
    curl_easy_getinfo(handle_.get(), CURLINFO_REDIRECT_URL, &to);
    const std::string target = to ? to : "";
    const auto parsed = parse_source_url(target);
    if (!parsed) return result(FetchOutcome::unexpected_status, "a redirect to nowhere");
    if (!same_origin(*parsed, url_))
      return result(FetchOutcome::redirected_elsewhere,
                    (parsed->https ? "https://" : "http://") + parsed->host + ":" + std::to_string(parsed->port));
    if (++redirects_ > kMaxRedirects) return result(FetchOutcome::too_many_redirects);
    return prepare(target);
  }
  return result(outcome_of_status(status), "status " + std::to_string(status));
}

}  // namespace sallyport
