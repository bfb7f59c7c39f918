#include "daemon/http/response.h"

#include <charconv>

namespace sallyport::http {

std::string_view status_text(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
  }
  return "Status";
}

namespace {
void append_number(std::string& out, std::size_t n) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, n);
  out.append(digits, error == std::errc{} ? static_cast<std::size_t>(end - digits) : 0);
}
}  // namespace

void write_response(std::string& out, const Response& r, bool keep_alive, bool head) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(r.status));
  out += ' ';
  out += status_text(r.status);
  // RFC 9110 8.6: a 204 has no body, and says nothing of its length.
  if (r.status != 204) {
    out += "\r\ncontent-type: ";
    out += r.content_type;
    // A stream ends with its connection (RFC 9112 6.3).
    if (!r.stream) {
      out += "\r\ncontent-length: ";
      append_number(out, r.body.size());
    }
  }
  // What is answered about one client is nobody else's; a contract that allows a cache says so itself.
  out += r.headers.find("cache-control: ") == std::string::npos ? "\r\ncache-control: no-store\r\n" : "\r\n";
  out += r.headers;
  out += keep_alive ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
  if (!head) out += r.body;
}

std::string header_value(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c > 0x20 && c < 0x7f && c != '%') {
      out += c;
      continue;
    }
    const auto u = static_cast<unsigned char>(c);
    out += '%';
    out += digits[u >> 4];
    out += digits[u & 15];
  }
  return out;
}

}  // namespace sallyport::http
