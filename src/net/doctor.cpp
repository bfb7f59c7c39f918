#include "net/doctor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "keys/discovery.h"
#include "keys/document_check.h"
#include "keys/freshness.h"
#include "net/curl_jwks_fetcher.h"
#include "net/probe.h"
#include "net/url_policy.h"

namespace sallyport {
namespace {

constexpr std::int64_t kClockTolerance = 30;  // seconds
constexpr std::size_t kMostKeys = 50;

DoctorStep good(std::string what, std::string found) { return {true, std::move(what), std::move(found), {}, {}, {}}; }

DoctorStep bad(std::string what, FetchOutcome outcome, std::string found) {
  return {false,
          std::move(what),
          std::move(found),
          std::string(entry(outcome).text),
          std::string(entry(outcome).mend),
          std::string(name(outcome))};
}

FetchResult fetch(const std::string& url, const FetchOptions& options) {
  CurlJwksFetcher fetcher;
  // Lent for the length of this call.
  fetcher.start(1, {url, {}, std::shared_ptr<const FetchOptions>(std::shared_ptr<void>(), &options), true});
  for (;;) {
    std::vector<Fetcher::Done> done = fetcher.wait(1000);
    if (!done.empty()) return std::move(done.front().result);
  }
}

class Examination {
 public:
  Examination(const FetchOptions& options, const Clock& clock, std::vector<DoctorStep>& steps)
      : options_(options), clock_(clock), steps_(steps) {}

  // The document at this address, where the whole way to it is well.
  std::optional<FetchResult> reach(const std::string& address) {
    const auto url = parse_source_url(address);
    if (!url) {
      steps_.push_back({false, "address", address.substr(0, 200), url.error().cause, url.error().hint,
                        std::string(name(FetchOutcome::bad_address))});
      return std::nullopt;
    }
    if (const auto refusal = refuse_url(*url, options_)) {
      steps_.push_back(bad("address", *refusal, url->host));
      return std::nullopt;
    }
    if (options_.proxy.empty()) {
      if (!connect(*url)) return std::nullopt;
    } else {
      steps_.push_back(good("proxy", "name, address and TCP are the proxy's affair: " + options_.proxy.substr(0, 200)));
    }
    return exchange(address, *url);
  }

  bool document(const FetchResult& result, const std::string& label) {
    DocumentCheck check = check_key_document(result.body, label);
    if (check.outcome == FetchOutcome::not_json) {
      steps_.push_back(bad(
          "json", check.outcome,
          check.detail + (result.headers.content_type.empty() ? "" : ", content type " + result.headers.content_type)));
      return false;
    }
    if (check.outcome == FetchOutcome::not_a_key_set) {
      steps_.push_back(bad("json", check.outcome, check.detail));
      return false;
    }
    steps_.push_back(
        good("json", "a key set of " + std::to_string(check.set.keys.size() + check.set.skipped.size()) + " keys"));
    for (std::size_t i = 0; i < check.set.keys.size() && i < kMostKeys; ++i)
      steps_.push_back(good("key", key_words(*check.set.keys[i]) +
                                       (check.set.keys[i]->published() ? ", printed in public documents" : "")));
    const bool any = !check.set.keys.empty();
    for (std::size_t i = 0; i < check.set.skipped.size() && i < kMostKeys; ++i) {
      const SkippedKey& s = check.set.skipped[i];
      // One that is for another use does no harm beside one that can verify.
      steps_.push_back({any, "key",
                        "key " + std::to_string(s.index + 1) + (s.kid.empty() ? "" : ", kid " + s.kid) +
                            (any ? ", is skipped: " + s.cause : ""),
                        any ? "" : s.cause, any ? "" : "have the provider publish a key for signatures",
                        any ? "" : "no_usable_keys"});
    }
    if (!any && check.set.skipped.empty()) steps_.push_back(bad("key", FetchOutcome::no_usable_keys, check.detail));
    return any;
  }

  void clock(const FetchResult& result) {
    const auto theirs = parse_http_date(result.headers.date);
    if (!theirs) return steps_.push_back(good("clock", "the server tells no time"));
    const std::int64_t ahead = clock_.unix_seconds() - *theirs;
    const std::int64_t apart = ahead < 0 ? -ahead : ahead;
    const std::string found =
        "this machine is " + std::to_string(apart) + " s " + (ahead < 0 ? "behind" : "ahead of") + " the server";
    if (apart <= kClockTolerance) return steps_.push_back(good("clock", apart <= 2 ? "the clocks agree" : found));
    steps_.push_back({false, "clock", found, "exp and nbf of tokens are judged by this machine's clock",
                      "set both clocks by NTP; see: timedatectl", ""});
  }

 private:
  bool connect(const SourceUrl& url) {
    std::string words;
    const AddressList list = look_up(url, words);
    if (!list) {
      steps_.push_back(bad("name", FetchOutcome::name_not_found, url.host + ": " + words));
      return false;
    }
    std::string addresses;
    for (const addrinfo* a = list.get(); a; a = a->ai_next)
      addresses += (addresses.empty() ? "" : ", ") + address_text(a->ai_addr);
    steps_.push_back(good("name", url.host + " is " + addresses));
    int last = 0;
    std::optional<FetchOutcome> refused;
    for (const addrinfo* a = list.get(); a; a = a->ai_next) {
      if (const auto refusal = refuse_address(a->ai_addr, url, options_)) {
        refused = refusal;
        continue;
      }
      const auto fault = try_connect(*a, options_.timeout_ms);
      if (!fault) {
        steps_.push_back(good("tcp", address_text(a->ai_addr) + " port " + std::to_string(url.port) + " answers"));
        return true;
      }
      last = *fault;
    }
    if (last == 0 && refused) {
      steps_.push_back(bad("address", *refused, addresses));
      return false;
    }
    const FetchOutcome outcome = last == ETIMEDOUT      ? FetchOutcome::timed_out
                                 : last == ECONNREFUSED ? FetchOutcome::connection_refused
                                 : last == ECONNRESET   ? FetchOutcome::connection_lost
                                                        : FetchOutcome::unreachable;
    steps_.push_back(bad("tcp", outcome, addresses + " port " + std::to_string(url.port) + ": " + std::strerror(last)));
    return false;
  }

  // False where the fetch ended here.
  bool tls(const std::string& address, const FetchResult& result) {
    const std::vector<SeenCertificate> chain = see_certificates(address, options_);
    std::string seen;
    if (chain.empty()) {
      seen = "no certificate was seen";
    } else {
      seen = "the server sent " + std::to_string(chain.size()) +
             (chain.size() == 1 ? " certificate" : " certificates") + ": for " +
             (chain[0].names.empty() ? chain[0].subject : chain[0].names) + ", signed by " + chain[0].issuer +
             ", from " + chain[0].starts + " to " + chain[0].ends;
      if (chain[0].subject == chain[0].issuer) seen += ", self-signed";
    }
    switch (result.outcome) {
      case FetchOutcome::certificate_untrusted:
      case FetchOutcome::certificate_expired:
      case FetchOutcome::certificate_wrong_host:
      case FetchOutcome::tls_failed:
      case FetchOutcome::tls_files:
        steps_.push_back(bad("tls", result.outcome, (result.detail.empty() ? "" : result.detail + "; ") + seen));
        return false;
      default:
        break;
    }
    // No certificate, and no answer: whoever listens there hung up, or is silent, before the handshake was through.
    if (chain.empty() && result.status == 0 &&
        (result.outcome == FetchOutcome::timed_out || result.outcome == FetchOutcome::connection_lost)) {
      steps_.push_back(bad("tls", result.outcome, (result.detail.empty() ? "" : result.detail + "; ") + seen));
      return false;
    }
    steps_.push_back(good("tls", seen));
    return true;
  }

  std::optional<FetchResult> exchange(const std::string& address, const SourceUrl& url) {
    FetchResult result = fetch(address, options_);
    if (url.https && !tls(address, result)) return std::nullopt;
    if (result.outcome != FetchOutcome::ok) {
      steps_.push_back(
          bad("http", result.outcome,
              result.detail.empty() && result.status ? "status " + std::to_string(result.status) : result.detail));
      if (!result.headers.retry_after.empty())
        steps_.back().found += ", Retry-After: " + result.headers.retry_after.substr(0, 40);
      return std::nullopt;
    }
    std::string found = "status 200, " + std::to_string(result.body.size()) + " bytes";
    if (!result.headers.content_type.empty()) found += ", " + result.headers.content_type.substr(0, 80);
    if (const auto s = fresh_for(result.headers)) found += ", fresh for " + std::to_string(*s) + " s";
    if (!result.headers.etag.empty()) found += ", with ETag";
    steps_.push_back(good("http", found));
    return result;
  }

  const FetchOptions& options_;
  const Clock& clock_;
  std::vector<DoctorStep>& steps_;
};

// From the issuer to its jwks_uri.
std::optional<std::string> discover(const std::string& issuer, Examination& examination, const FetchOptions& options,
                                    std::vector<DoctorStep>& steps) {
  const std::vector<std::string> addresses = discovery_addresses(issuer);
  if (addresses.empty()) {
    steps.push_back(bad("discovery", FetchOutcome::bad_address, issuer.substr(0, 200)));
    return std::nullopt;
  }
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const FetchResult looked = i + 1 < addresses.size() ? fetch(addresses[i], options) : FetchResult{};
    if (looked.outcome == FetchOutcome::not_found) continue;
    const auto result = examination.reach(addresses[i]);
    if (!result) return std::nullopt;
    Discovered found = read_discovery(result->body, issuer);
    if (found.outcome == FetchOutcome::ok) {
      steps.push_back(
          good("discovery", addresses[i] + " says " + issuer + " and leads to " + found.jwks_uri.substr(0, 400)));
      return found.jwks_uri;
    }
    if (found.outcome == FetchOutcome::issuer_differs || i + 1 == addresses.size()) {
      steps.push_back(bad("discovery", found.outcome, addresses[i] + ": " + found.detail));
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

bool DoctorReport::good() const {
  return !steps.empty() && std::all_of(steps.begin(), steps.end(), [](const DoctorStep& s) { return s.good; });
}

DoctorReport examine_source(const std::string& address, bool discover_first, const FetchOptions& options,
                            const Clock& clock) {
  DoctorReport report;
  Examination examination(options, clock, report.steps);
  std::string url = address;
  FetchOptions without_headers;
  const FetchOptions* used = &options;
  if (discover_first) {
    auto found = discover(address, examination, options, report.steps);
    if (!found) return report;
    url = std::move(*found);
    const auto ours = parse_source_url(address), theirs = parse_source_url(url);
    if (!ours || !theirs || !same_origin(*ours, *theirs)) {
      without_headers.timeout_ms = options.timeout_ms;
      without_headers.ca_file = options.ca_file;
      without_headers.client_cert = options.client_cert;
      without_headers.client_key = options.client_key;
      without_headers.proxy = options.proxy;
      without_headers.allow_http = options.allow_http;
      without_headers.allow_hosts = options.allow_hosts;
      used = &without_headers;
    }
  }
  Examination second(*used, clock, report.steps);
  if (const auto result = second.reach(url)) {
    second.document(*result, "jwks");
    second.clock(*result);
  }
  return report;
}

}  // namespace sallyport
