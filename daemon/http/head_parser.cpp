#include "daemon/http/head_parser.h"

#include <algorithm>
#include <string>

namespace sallyport::http {
namespace {

using State = HeadResult::State;

HeadResult bad(int status = 400) { return {State::bad, 0, status}; }

// RFC 9110 5.6.2
bool is_token(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view a, std::string_view lower_case) {
  return a.size() == lower_case.size() &&
         std::equal(a.begin(), a.end(), lower_case.begin(), [](char x, char y) { return lower(x) == y; });
}

// Whether a comma-separated list of tokens has this one.
bool lists(std::string_view value, std::string_view lower_case) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    std::string_view one = value.substr(0, comma);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (equals_ignoring_case(one, lower_case)) return true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  return false;
}

bool take_request_line(char* line, std::size_t size, Request& out, int& status) {
  char* const end = line + size;
  char* const method_end = std::find(line, end, ' ');
  if (method_end == end || method_end == line || method_end - line > 16) return false;
  if (!std::all_of(line, method_end, is_token)) return false;
  out.method = {line, static_cast<std::size_t>(method_end - line)};
  char* const target = method_end + 1;
  char* const target_end = std::find(target, end, ' ');
  // Origin form alone (RFC 9112 3.2.1): no proxy asks us, and two places for one host's name are one too many.
  if (target_end == end || target == target_end || *target != '/') return false;
  if (!std::all_of(target, target_end, [](char c) { return c > 0x20 && c < 0x7f; })) return false;
  const std::string_view version(target_end + 1, static_cast<std::size_t>(end - target_end - 1));
  if (version == "HTTP/1.0")
    out.http10 = true;
  else if (version != "HTTP/1.1") {
    status = version.size() == 8 && version.starts_with("HTTP/") ? 505 : 400;
    return false;
  }
  char* const question = std::find(target, target_end, '?');
  out.path_data = target;
  out.path_size = static_cast<std::size_t>(question - target);
  out.query_data = question == target_end ? question : question + 1;
  out.query_size = static_cast<std::size_t>(target_end - out.query_data);
  return true;
}

bool take_header(char* line, std::size_t size, Request& out) {
  char* const end = line + size;
  char* const colon = std::find(line, end, ':');
  // RFC 9112 5.1: white space before the colon, and 5.2: a folded line (it begins with white space), are refused.
  if (colon == end || colon == line || !std::all_of(line, colon, is_token)) return false;
  std::transform(line, colon, line, lower);
  char *first = colon + 1, *last = end;
  while (first != last && (*first == ' ' || *first == '\t')) ++first;
  while (first != last && (last[-1] == ' ' || last[-1] == '\t')) --last;
  // RFC 9110 5.5: CR, LF, NUL and other control characters.
  if (!std::all_of(first, last,
                   [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }))
    return false;
  out.headers[out.header_count++] = {{line, static_cast<std::size_t>(colon - line)},
                                     {first, static_cast<std::size_t>(last - first)}};
  return true;
}

// RFC 9112 6: how long the body is, and that there is one answer to it.
int take_framing(Request& out, std::size_t most_body) {
  const std::size_t lengths = out.count("content-length"), codings = out.count("transfer-encoding");
  // 6.3: both of them is the classical smuggling; so is either of them twice, even with one value.
  if (lengths + codings > 1) return 400;
  if (codings == 1) {
    // 6.1: a coding in HTTP/1.0 is faulty framing. Of codings there is one that we speak.
    if (out.http10 || !equals_ignoring_case(*out.header("transfer-encoding"), "chunked")) return 400;
    out.framing = Framing::chunked;
  }
  if (lengths == 1) {
    const std::string_view digits = *out.header("content-length");
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return 400;
    if (digits.size() > 18) return 413;
    out.content_length = std::stoull(std::string(digits));
    if (out.content_length > most_body) return 413;
    out.framing = out.content_length ? Framing::length : Framing::none;
  }
  return 0;
}

int take_meaning(Request& out, std::size_t most_body) {
  // RFC 9112 3.2: no Host, or two.
  const std::size_t hosts = out.count("host");
  if (hosts > 1 || (hosts == 0 && !out.http10)) return 400;
  bool close = false, keep = false;
  for (std::size_t i = 0; i < out.header_count; ++i) {
    if (out.headers[i].name != "connection") continue;
    close = close || lists(out.headers[i].value, "close");
    keep = keep || lists(out.headers[i].value, "keep-alive");
  }
  out.keep_alive = !close && (!out.http10 || keep);
  if (const std::size_t n = out.count("expect"); n > 0) {
    if (n > 1 || !equals_ignoring_case(*out.header("expect"), "100-continue")) return 417;
    out.expects_continue = !out.http10;
  }
  return take_framing(out, most_body);
}

HeadResult parse_whole(char* data, std::size_t size, Request& out, std::size_t most_body) {
  out.header_count = 0;
  out.http10 = out.expects_continue = false;
  out.framing = Framing::none;
  out.content_length = out.body_size = 0;
  out.body_data = nullptr;
  char* at = data;
  char* const end = data + size - 2;  // the empty line
  bool first = true;
  while (at != end) {
    char* line_end = at;
    while (*line_end != '\r') ++line_end;
    if (line_end[1] != '\n') return bad();  // a bare CR
    const auto length = static_cast<std::size_t>(line_end - at);
    if (first) {
      int status = 400;
      if (!take_request_line(at, length, out, status)) return bad(status);
    } else {
      if (out.header_count == kMaxHeaders) return bad(431);
      if (!take_header(at, length, out)) return bad();
    }
    first = false;
    at = line_end + 2;
  }
  if (first) return bad();
  if (const int status = take_meaning(out, most_body)) return bad(status);
  return {State::done, size, 0};
}

}  // namespace

HeadResult parse_head(char* data, std::size_t size, std::size_t& scanned, Request& out, std::size_t most_body) {
  const std::size_t reach = std::min(size, kMaxHeadBytes);
  for (; scanned < reach; ++scanned) {
    const char c = data[scanned];
    if (c == '\0') return bad();
    if (c != '\n') continue;
    // RFC 9112 2.2: a bare LF may be read as a line's end; whoever is in front of us may not.
    if (scanned == 0 || data[scanned - 1] != '\r') return bad();
    if (scanned >= 3 && data[scanned - 2] == '\n') {
      const std::size_t head = ++scanned;
      return parse_whole(data, head, out, most_body);
    }
  }
  // The first line alone is over the cap: the target is too long.
  if (size >= kMaxHeadBytes) return bad(std::find(data, data + reach, '\n') == data + reach ? 414 : 431);
  return {};
}

}  // namespace sallyport::http
