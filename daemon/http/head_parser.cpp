#include "daemon/http/head_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

namespace sallyport::http {
namespace {

using State = HeadResult::State;

HeadResult bad(int status = 400) { return {State::bad, 0, status}; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// RFC 9110 5.6.2: for each character of a token what it is in lower case, for others NUL.
constexpr std::array<char, 256> kToken = [] {
  std::array<char, 256> out{};
  for (char c = 'a'; c <= 'z'; ++c) out[static_cast<unsigned char>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) out[static_cast<unsigned char>(c)] = static_cast<char>(c - 'A' + 'a');
  for (char c = '0'; c <= '9'; ++c) out[static_cast<unsigned char>(c)] = c;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) out[static_cast<unsigned char>(c)] = c;
  return out;
}();
char token(char c) { return kToken[static_cast<unsigned char>(c)]; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// RFC 9110 5.5: CR, LF, NUL and other control characters are in no value. Eight at a time: most of what a proxy passes
// on is one long token.
bool is_clean(const char* at, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101, tops = ones << 7;
  for (; end - at >= 8; at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, 8);
    const std::uint64_t del = eight ^ (ones * 0x7f);
    // Above the first that is below 0x20, or DEL, a byte may be marked falsely: they are looked at one by one.
    if ((((eight - ones * 0x20) & ~eight) | ((del - ones) & ~del)) & tops)
      if (std::any_of(at, at + 8, [](char c) { return is_control(c) && c != '\t'; })) return false;
  }
  return std::none_of(at, end, [](char c) { return is_control(c) && c != '\t'; });
}

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
  char* method_end = line;
  while (method_end != end && token(*method_end)) ++method_end;
  if (method_end == end || *method_end != ' ' || method_end == line || method_end - line > 16) return false;
  out.method = {line, static_cast<std::size_t>(method_end - line)};
  char* const target = method_end + 1;
  char *target_end = target, *question = nullptr;
  for (; target_end != end && *target_end > 0x20 && *target_end < 0x7f; ++target_end)
    if (*target_end == '?' && !question) question = target_end;
  // Origin form alone (RFC 9112 3.2.1): no proxy asks us, and two places for one host's name are one too many.
  if (target_end == end || *target_end != ' ' || target == target_end || *target != '/') return false;
  const std::string_view version(target_end + 1, static_cast<std::size_t>(end - target_end - 1));
  if (version == "HTTP/1.0")
    out.http10 = true;
  else if (version != "HTTP/1.1") {
    status = version.size() == 8 && version.starts_with("HTTP/") ? 505 : 400;
    return false;
  }
  if (!question) question = target_end;
  out.path_data = target;
  out.path_size = static_cast<std::size_t>(question - target);
  out.query_data = question == target_end ? question : question + 1;
  out.query_size = static_cast<std::size_t>(target_end - out.query_data);
  return true;
}

bool take_header(char* line, std::size_t size, Request& out) {
  char* const end = line + size;
  // RFC 9112 5.1: white space before the colon, and 5.2: a folded line (it begins with white space), are refused.
  char* colon = line;
  for (; colon != end; ++colon) {
    const char c = token(*colon);
    if (!c) break;
    *colon = c;
  }
  if (colon == end || *colon != ':' || colon == line) return false;
  char *first = colon + 1, *last = end;
  while (first != last && (*first == ' ' || *first == '\t')) ++first;
  while (first != last && (last[-1] == ' ' || last[-1] == '\t')) --last;
  if (!is_clean(first, last)) return false;
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
    std::from_chars(digits.data(), digits.data() + digits.size(), out.content_length);
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
    char* const line_end = static_cast<char*>(std::memchr(at, '\r', static_cast<std::size_t>(end + 1 - at)));
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
  const std::size_t from = scanned;
  const auto no_nul = [&](std::size_t to) { return std::memchr(data + from, '\0', to - from) == nullptr; };
  while (scanned < reach) {
    const void* const found = std::memchr(data + scanned, '\n', reach - scanned);
    if (!found) {
      scanned = reach;
      break;
    }
    scanned = static_cast<std::size_t>(static_cast<const char*>(found) - data);
    // RFC 9112 2.2: a bare LF may be read as a line's end; whoever is in front of us may not.
    if (scanned == 0 || data[scanned - 1] != '\r') return bad();
    ++scanned;
    if (scanned >= 4 && data[scanned - 3] == '\n')
      return no_nul(scanned) ? parse_whole(data, scanned, out, most_body) : bad();
  }
  if (reach > from && !no_nul(reach)) return bad();
  // The first line alone is over the cap: the target is too long.
  if (size >= kMaxHeadBytes) return bad(std::find(data, data + reach, '\n') == data + reach ? 414 : 431);
  return {};
}

}  // namespace sallyport::http
