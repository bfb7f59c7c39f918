#include "daemon/api/console_service.h"

#include <fmt/format.h>

#include "auth/rate_limiter.h"
#include "base/secret.h"
#include "daemon/api/cookies.h"
#include "daemon/api/pages.h"

namespace sallyport::daemon {
namespace {

constexpr std::string_view kApi = "/api/v1";

// No inline script or style, nothing from elsewhere, in nobody's frame.
constexpr std::string_view kHeaders =
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
    "'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "x-content-type-options: nosniff\r\n"
    "x-frame-options: DENY\r\n"
    "referrer-policy: no-referrer\r\n"
    "cross-origin-opener-policy: same-origin\r\n"
    "cross-origin-resource-policy: same-origin\r\n"
    "permissions-policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n";
constexpr std::string_view kOnTls = "strict-transport-security: max-age=31536000\r\n";

// The activity log is never shortened: what is refused to one caller goes into it thirty times, then once in ten
// seconds, or whoever may do nothing could fill the disk with it. Of all workers.
RateLimiter& refusals() {
  static RateLimiter all{30, 0.1, 4096};
  return all;
}

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD"; }

// A JSON text, whatever bytes strangers gave us to show.
std::string dumped(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

bool ConsoleService::receive(const http::Request& request, const PeerFacts& peer, http::Response& out) noexcept {
  try {
    refused_ = refuse(request, peer);
    // Where a body follows, it is not read, and the connection ends.
    if (!refused_ || request.framing == http::Framing::none) return true;
    write(*refused_, out);
  } catch (const std::exception&) {
    out.clear();
    out.status = 503;
  }
  return false;
}

std::optional<Problem> ConsoleService::refuse(const http::Request& request, const PeerFacts& peer) {
  match_ = {};
  caller_ = {};
  const std::string_view path = request.path();
  is_api_ = path == kApi || path.starts_with("/api/");
  const std::string_view host = request.header("host").value_or(std::string_view());
  if (!house_.is_ours(host))
    return problem(421, "foreign_host", "the request names a host that is not this console",
                   "open it by the address that it listens on, or name the host in [console] hosts");
  if (!is_api_) {
    if (!is_safe(request.method)) return problem(405, "not_found", "pages are read alone");
    return std::nullopt;
  }
  if (!path.starts_with("/api/v1/")) return problem(404, "not_found", "there is no such thing");
  match_ = match(request.method == "HEAD" ? "GET" : request.method, path.substr(kApi.size()));
  if (!match_.operation)
    return match_.known_path ? problem(405, "not_found", "not with this method", "allowed: " + match_.allowed)
                             : problem(404, "not_found", "there is no such thing");
  const bool secure = house_.secure();
  const std::string_view cookie = session_cookie_of(request, secure);
  Result<std::optional<Caller>, Problem> found = std::optional<Caller>();
  const auto header = request.header("authorization");
  if (!header)
    found = house_.accounts.by_cookie(cookie);
  else if (header->size() > 7 && (header->starts_with("Bearer ") || header->starts_with("bearer ")))
    found = house_.accounts.by_token(header->substr(7));
  if (found && *found) caller_ = std::move(**found);
  if (match_.operation->role == Role::none) return header ? std::nullopt : refuse_forgery(request, host);
  // Not 401: a page would sign its administrator out, and his session is as good as it was.
  if (!found) return found.error();
  if (caller_.role == Role::none)
    return problem(401, "not_signed_in", "nobody is signed in, or the session has ended", "sign in again");
  if (caller_.kind == Caller::Kind::session) {
    if (auto forged = refuse_forgery(request, host)) return forged;
    if (!is_safe(request.method) &&
        !equal_constant_time(request.header("x-csrf-token").value_or(std::string_view()), caller_.csrf))
      return problem(403, "csrf", "the request does not carry this session's token",
                     "send what GET /session says as X-CSRF-Token");
  }
  if (!covers(caller_.role, match_.operation->role)) {
    if (refusals().take(caller_.shown, house_.engine.clock().monotonic_ms()))
      (void)house_.store->add_activity({0, house_.engine.clock().unix_seconds(), caller_.shown, peer.address,
                                        std::string(match_.operation->id), "", "refused",
                                        "the role does not cover it"});
    return problem(403, "forbidden", fmt::format("this needs the role {}", name(match_.operation->role)),
                   "ask an administrator");
  }
  return std::nullopt;
}

// A page of another origin may not make a browser ask here in somebody's name.
std::optional<Problem> ConsoleService::refuse_forgery(const http::Request& request, std::string_view host) const {
  if (is_safe(request.method)) return std::nullopt;
  const auto refused = [] {
    return problem(403, "csrf", "the request comes from another site's page", "use the console's own pages");
  };
  if (request.count("origin") > 0) {
    const std::string_view origin = request.header("origin").value_or(std::string_view());
    const std::size_t scheme = origin.find("://");
    if (scheme == std::string_view::npos || origin.substr(scheme + 3) != host) return refused();
  }
  if (const auto site = request.header("sec-fetch-site"); site && *site != "same-origin" && *site != "none")
    return refused();
  return std::nullopt;
}

Wait ConsoleService::answer(const http::Request& request, const PeerFacts& peer, bool, Held&,
                            http::Response& out) noexcept {
  try {
    if (refused_) {
      write(*refused_, out);
      return Wait::none;
    }
    if (is_api_) {
      const Outcome outcome = handle(request, peer);
      if (outcome)
        write(*outcome, out);
      else
        write(outcome.error(), out);
      return Wait::none;
    }
    const PackedPage* const page = find_page(request.path());
    out.headers = kHeaders;
    if (house_.secure()) out.headers += kOnTls;
    if (!page) {
      const bool at_root = request.path() == "/" || request.path() == "/index.html";
      out.status = at_root ? 200 : 404;
      out.content_type = at_root ? "text/html; charset=utf-8" : "text/plain";
      out.body = at_root ? missing_console_page() : "no such page\n";
      return Wait::none;
    }
    out.content_type = page_type(page->path);
    out.headers += is_hashed_page(page->path) ? "cache-control: public, max-age=31536000, immutable\r\n"
                                              : "cache-control: no-cache\r\n";
    out.headers += "vary: accept-encoding\r\n";
    const bool gzip =
        !page->gzipped.empty() && request.header("accept-encoding").value_or("").find("gzip") != std::string_view::npos;
    if (gzip) out.headers += "content-encoding: gzip\r\n";
    out.body = gzip ? page->gzipped : page->bytes;
  } catch (const std::exception&) {
    out.clear();
    out.status = 500;
  }
  return Wait::none;
}

Outcome ConsoleService::handle(const http::Request& request, const PeerFacts& peer) {
  Call call;
  call.method = request.method;
  call.path = match_.path;
  auto query = parse_query({request.query_data, request.query_size});
  if (!query) return unexpected(problem(400, "invalid", "the query cannot be read"));
  call.query = std::move(*query);
  call.content_type = request.header("content-type").value_or("");
  call.accept = request.header("accept").value_or("");
  call.if_match = request.header("if-match").value_or("");
  call.cookie = session_cookie_of(request, house_.secure());
  call.body = {request.body_data ? request.body_data : "", request.body_data ? request.body_size : 0};
  call.address = peer.address;
  call.secure = house_.secure();
  call.caller = caller_;
  Outcome outcome = unexpected(problem(500, "internal", "an error of the daemon's own"));
  try {
    outcome = match_.operation->handler(desk_, call);
  } catch (const std::exception&) {
    // Told as ours; what it was may hold a value.
  }
  log_activity(call, outcome);
  return outcome;
}

void ConsoleService::log_activity(const Call& call, const Outcome& outcome) {
  if (is_safe(call.method) || match_.operation->quiet) return;
  // Who is slowed down is told so, and does not fill the log with it.
  if (!outcome && outcome.error().status == 429) return;
  const std::string_view refused_to = call.caller.shown.empty() ? call.address : std::string_view(call.caller.shown);
  if (!outcome && !refusals().take(refused_to, house_.engine.clock().monotonic_ms())) return;
  ActivityRecord record;
  record.at = house_.engine.clock().unix_seconds();
  record.who = call.caller.shown;
  record.address = call.address;
  record.what = match_.operation->id;
  for (const auto& [name, value] : call.path) record.subject += (record.subject.empty() ? "" : ", ") + value;
  if (outcome) {
    if (!outcome->subject.empty()) record.subject = outcome->subject;
    record.outcome = "done";
    record.detail = outcome->detail;
  } else {
    record.outcome = outcome.error().status < 500 ? "refused" : "failed";
    record.detail = outcome.error().cause;
  }
  if (record.subject.size() > 500) record.subject.resize(500);
  (void)house_.store->add_activity(record);
}

void ConsoleService::write(const Reply& reply, http::Response& out) const {
  out.clear();
  out.status = reply.status;
  out.headers = kHeaders;
  if (house_.secure()) out.headers += kOnTls;
  if (!reply.etag.empty()) out.headers += "etag: " + reply.etag + "\r\n";
  if (!reply.location.empty()) out.headers += "location: " + reply.location + "\r\n";  // made by us, percent-encoded
  if (!reply.set_cookie.empty()) out.headers += "set-cookie: " + reply.set_cookie + "\r\n";
  if (!reply.file_name.empty()) {
    out.content_type = "text/csv; charset=utf-8";
    out.headers += "content-disposition: attachment; filename=\"" + http::header_value(reply.file_name) + "\"\r\n";
    out.body = reply.text;
    return;
  }
  if (reply.status == 204) return;
  if (reply.stream) {
    out.stream = reply.stream;
    out.content_type = "text/event-stream";
    out.headers += "x-accel-buffering: no\r\n";  // a proxy before us passes on what it hears
    out.body = reply.text;
    return;
  }
  out.content_type = "application/json";
  out.body = dumped(reply.body);
}

void ConsoleService::write(const Problem& p, http::Response& out) const {
  out.clear();
  out.status = p.status;
  out.content_type = "application/problem+json";
  out.headers = kHeaders;
  if (house_.secure()) out.headers += kOnTls;
  if (p.retry_after) out.headers += fmt::format("retry-after: {}\r\n", p.retry_after);
  if (p.status == 405 && !match_.allowed.empty()) out.headers += "allow: " + match_.allowed + "\r\n";
  Json body{{"type", "about:blank"},
            {"title", http::status_text(p.status)},
            {"status", p.status},
            {"reason", p.reason},
            {"cause", p.cause}};
  if (!p.hint.empty()) body["hint"] = p.hint;
  if (!p.field.empty()) body["field"] = p.field;
  if (!p.problems.empty()) {
    Json& list = body["problems"] = Json::array();
    for (const FieldProblem& one : p.problems) {
      Json entry{{"cause", one.cause}};
      if (!one.field.empty()) entry["field"] = one.field;
      if (!one.hint.empty()) entry["hint"] = one.hint;
      if (one.row) entry["row"] = one.row;
      list.push_back(std::move(entry));
    }
  }
  out.body = dumped(body);
}

void ConsoleService::answer_fault(int status, http::Response& out) noexcept {
  match_ = {};
  try {
    write(problem(status, status == 413 ? "too_large" : "invalid", std::string(http::status_text(status))), out);
  } catch (const std::exception&) {
    out.clear();
    out.status = status;
  }
}

}  // namespace sallyport::daemon
