// The bytes of a connection: the head of a request, its body in either framing, forms. Whole and in pieces they are one
// request; what is taken has one meaning; what a smuggler needs is refused.
#include <algorithm>
#include <string>
#include <string_view>

#include "daemon/http/chunked.h"
#include "daemon/http/form.h"
#include "daemon/http/head_parser.h"
#include "daemon/http/response.h"
#include "daemon/route.h"
#include "promise.h"

namespace sallyport::http {
namespace {

bool inside(std::string_view part, const std::string& whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void routed(std::string_view path) {
  const daemon::Route route = daemon::route_of(path);
  if (route.kind != daemon::Route::Kind::contract) return;
  std::string again =
      route.path_secret.empty() && !path.starts_with("/k/") ? "" : "/k/" + std::string(route.path_secret);
  again += "/" + std::string(daemon::name(route.contract));
  promise(path == again + (route.endpoint.empty() ? "" : "/" + std::string(route.endpoint)) || path == again + "/",
          "a route is its path, and nothing of it is passed over");
}

void chunked(std::string bytes) {
  constexpr std::size_t cap = 4096;
  std::string whole = bytes, pieces = bytes;
  ChunkedBody at_once, slow;
  at_once.feed(whole.data(), whole.size(), cap);
  for (std::size_t i = 1; i <= pieces.size() && slow.state == ChunkedBody::State::more; ++i)
    slow.feed(pieces.data(), i, cap);
  promise(at_once.state == slow.state || at_once.state == ChunkedBody::State::more ||
              slow.state == ChunkedBody::State::more,
          "a slow body has the fate of a quick one");
  promise(at_once.consumed <= bytes.size() && at_once.decoded <= at_once.consumed && at_once.decoded <= cap,
          "a body is within its bytes and its cap");
  if (at_once.state != ChunkedBody::State::done) return;
  promise(slow.state == ChunkedBody::State::done && slow.consumed == at_once.consumed &&
              slow.decoded == at_once.decoded &&
              std::string_view(whole).substr(0, at_once.decoded) == std::string_view(pieces).substr(0, slow.decoded),
          "and is the same body");
}

void form(std::string bytes) {
  const std::string before = bytes;
  Form parsed;
  const auto fields = static_cast<std::size_t>(std::count(before.begin(), before.end(), '&')) + 1;
  if (!parsed.parse(bytes.data(), bytes.size())) return;
  promise(!parsed.find("no such field at all" + before), "what was not sent is not there");
  // Names without escapes are found as they stand.
  std::size_t begin = 0;
  for (std::size_t i = 0; i < fields; ++i) {
    const std::size_t end = std::min(before.find('&', begin), before.size());
    const std::string_view field = std::string_view(before).substr(begin, end - begin);
    const std::string_view name = field.substr(0, field.find('='));
    if (!field.empty() && name.find_first_of("%+") == std::string_view::npos) {
      const auto value = parsed.find(name);
      promise(value.has_value() && value->size() <= field.size() && inside(*value, bytes), "a field is found");
    }
    begin = end + 1;
  }
}

void answered(std::string_view name) {
  Response response;
  response.headers = "x-sallyport-principal: " + header_value(name) + "\r\n";
  response.body = "allow";
  std::string out;
  write_response(out, response, true, false);
  const std::size_t end = out.find("\r\n\r\n");
  promise(end != std::string::npos && out.substr(end + 4) == "allow", "no name of a client ends a head");
  promise(std::count(out.begin(), out.end(), '\n') == 7, "no name of a client makes a line");
}

void look(const std::string& bytes) {
  std::string whole = bytes, pieces = bytes;
  Request request, slow_request;
  std::size_t scanned = 0, slow_scanned = 0;
  const HeadResult result = parse_head(whole.data(), whole.size(), scanned, request);
  HeadResult slow;
  for (std::size_t i = 1; i <= pieces.size() && slow.state == HeadResult::State::more; ++i)
    slow = parse_head(pieces.data(), i, slow_scanned, slow_request);
  promise(result.state == slow.state && result.size == slow.size, "a slow head has the fate of a quick one");
  if (result.state == HeadResult::State::bad) {
    promise(result.status >= 400 && result.status < 600, "a bad head has a status");
    return;
  }
  if (result.state == HeadResult::State::more) {
    promise(bytes.size() < kMaxHeadBytes, "no head grows for ever");
    return;
  }
  const std::string_view head = std::string_view(whole).substr(0, result.size);
  promise(head.ends_with("\r\n\r\n"), "a head ends with an empty line");
  promise(std::count(head.begin(), head.end(), '\n') == std::count(head.begin(), head.end(), '\r'),
          "no bare line feed");
  promise(head.find("\r\n ") == std::string_view::npos && head.find("\r\n\t") == std::string_view::npos,
          "no folded line");
  promise(request.count("content-length") + request.count("transfer-encoding") <= 1, "a body has one length");
  promise(request.path().starts_with('/'), "a target is a path");
  promise(inside(request.path(), whole) && inside(request.method, whole), "a request is within its bytes");
  promise(request.content_length <= kMaxBodyBytes, "a body has a cap");
  for (std::size_t i = 0; i < request.header_count; ++i) {
    const Header& one = request.headers[i];
    promise(inside(one.name, whole) && inside(one.value, whole), "a header is within its bytes");
    promise(std::none_of(one.name.begin(), one.name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
            "a header's name is in lower case");
    promise(one.name == slow_request.headers[i].name && one.value == slow_request.headers[i].value,
            "a slow header is the same header");
  }
  routed(request.path());
  if (request.framing == Framing::chunked) chunked(bytes.substr(result.size));
  form({request.query_data, request.query_size});
}

}  // namespace
}  // namespace sallyport::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport::http;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  look(bytes);
  if (bytes.starts_with("&")) form(bytes.substr(1));
  if (bytes.starts_with("+")) chunked(bytes.substr(1));
  if (bytes.starts_with("/")) routed(bytes);
  answered(bytes);
  return 0;
}
