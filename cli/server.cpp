#include "cli/server.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/output.h"
#include "cli/reply.h"
#include "keys/source_url.h"

namespace sallyport::cli {
namespace {

using nlohmann::json;
constexpr const char* kTokenVariable = "SALLYPORT_TOKEN";
constexpr std::size_t kMostToken = 1024;
constexpr std::size_t kPage = 1000;
constexpr int kTimeoutMs = 60'000;

std::string base_of(const std::string& url, bool as_json) {
  const auto refuse = [&](std::string cause, std::string hint) {
    fail(invalid("--server: " + std::move(cause), std::move(hint)), kUsage, as_json);
  };
  const Result<SourceUrl> parsed = parse_source_url(url);
  if (!parsed) refuse(parsed.error().cause, "write https://HOST:PORT, as the daemon says where its console is");
  if (parsed->path != "/") refuse("the address has a path", "write https://HOST:PORT alone");
  // Whoever is on the way would read the token, and be the administrator.
  if (!parsed->https && !is_loopback_name(parsed->host))
    refuse("http to another machine would show the token to whoever is on the way",
           "use https: [console] tls_cert and tls_key");
  const std::string host = parsed->host.find(':') == std::string::npos ? parsed->host : "[" + parsed->host + "]";
  return fmt::format("{}://{}:{}", parsed->https ? "https" : "http", host, parsed->port);
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.back())) text.pop_back();
  return text;
}

std::string token_of_file(const std::string& path, bool as_json) {
  const auto refuse = [&](ErrorKind kind, std::string cause, std::string hint) {
    fail({kind, std::move(cause), std::move(hint), printable(path)}, kEnvironment, as_json);
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) refuse(ErrorKind::kNotFound, fmt::format("cannot read the token: {}", std::strerror(errno)), "");
  struct stat st {};
  if (::fstat(fileno(file.get()), &st) != 0 || !S_ISREG(st.st_mode))
    refuse(ErrorKind::kDenied, "the token's file is no file", "");
  if ((st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
    refuse(ErrorKind::kDenied, "every user of this machine can use the token", "chmod 600 " + printable(path));
  std::string text(kMostToken + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  return trimmed(std::move(text));
}

Secret token_of(const ServerPlace& place, bool as_json) {
  const char* variable = std::getenv(kTokenVariable);
  std::string text = !place.token_file.empty() ? token_of_file(place.token_file, as_json)
                     : variable                ? trimmed(variable)
                                               : std::string();
  const bool good = !text.empty() && text.size() <= kMostToken &&
                    std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  Secret out(good ? text : std::string());
  const bool missing = text.empty();
  wipe(text);
  if (!good)
    fail(invalid(missing ? "there is no API token" : "this is no API token",
                 fmt::format("an administrator makes one in the console; --token-file FILE, or {} in the environment",
                             kTokenVariable)),
         kUsage, as_json);
  return out;
}

ErrorKind kind_of(int status) {
  if (status == 404) return ErrorKind::kNotFound;
  if (status == 409 || status == 412) return ErrorKind::kConflict;
  if (status == 401 || status == 403) return ErrorKind::kDenied;
  if (status == 429 || status >= 500) return ErrorKind::kUnavailable;
  return ErrorKind::kInvalid;
}

std::string with_query(std::string path, const Query& query) {
  char mark = '?';
  for (const auto& [name, value] : query) {
    path += mark + name + "=" + encoded(value);
    mark = '&';
  }
  return path;
}

// Each field that is wrong, as config check tells its places.
Error error_of(int status, const json& problem) {
  Error out{kind_of(status), text(problem, "cause"), text(problem, "hint"), text(problem, "field")};
  if (out.cause.empty()) out.cause = fmt::format("the server answered {}", status);
  if (status == 401) out.hint = "is it an API token of this server, and has it not ended?";
  return out;
}

}  // namespace

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

void add_place_options(CLI::App* command, std::string& config, ServerPlace& server, const std::string& config_words) {
  CLI::Option_group* where = command->add_option_group("where", "one of the two");
  where->add_option("--config", config, config_words);
  where->add_option("--server", server.url, "a daemon's console, https://HOST:PORT, asked with an API token");
  where->require_option(1);
  add_token_options(command, server);
}

void add_token_options(CLI::App* command, ServerPlace& server) {
  command->add_option("--token-file", server.token_file,
                      "of --server: the file with the API token; left out: SALLYPORT_TOKEN of the environment");
  command->add_option("--ca-file", server.ca_file, "of --server: authorities (PEM) instead of the system's");
}

ServerClient::ServerClient(const ServerPlace& place, bool as_json) : json_(as_json) {
  ApiClientOptions options;
  options.base = base_of(place.url, as_json);
  options.bearer = token_of(place, as_json);
  options.ca_file = place.ca_file;
  options.timeout_ms = kTimeoutMs;
  client_ = std::make_unique<ApiClient>(std::move(options));
}

ServerAnswer ServerClient::ask(ApiRequest request) {
  request.path = "/api/v1" + request.path;
  const ApiAnswer answer = client_->ask(request);
  if (answer.status == 0)
    fail({ErrorKind::kUnavailable, "the server does not answer: " + printable(answer.fault),
          "is the address right, and is its certificate of an authority that is known here? --ca-file", ""},
         json_);
  ServerAnswer out{answer.status, json::parse(answer.body, nullptr, false), answer.etag};
  if (answer.status >= 200 && answer.status < 300) {
    if (!answer.body.empty() && !out.body.is_object())
      fail({ErrorKind::kUnavailable, "the server's answer cannot be read", "is it a sallyportd's console?", ""}, json_);
    return out;
  }
  if (!out.body.is_object()) out.body = json::object();
  const auto problems = out.body.find("problems");
  if (problems != out.body.end() && problems->is_array() && problems->size() > 1 && !json_)
    for (std::size_t i = 1; i < std::min<std::size_t>(problems->size(), 20); ++i)
      std::fprintf(stderr, "sallyport: %s\n", error_of(answer.status, (*problems)[i]).to_text().c_str());
  fail(error_of(answer.status, out.body), json_);
}

ServerAnswer ServerClient::get(const std::string& path, const Query& query) {
  return ask({.method = "GET", .path = with_query(path, query), .body = {}, .content_type = {}, .if_match = {}});
}

ServerAnswer ServerClient::send(const std::string& method, const std::string& path, const json& body,
                                const std::string& etag) {
  std::string text = body.is_null() ? std::string() : body.dump(-1, ' ', false, json::error_handler_t::replace);
  return ask({.method = method,
              .path = path,
              .body = std::move(text),
              .content_type = body.is_null() ? "" : "application/json",
              .if_match = etag});
}

ServerAnswer ServerClient::upload(const std::string& path, const Query& query, std::string bytes,
                                  const std::string& content_type) {
  return ask({.method = "POST",
              .path = with_query(path, query),
              .body = std::move(bytes),
              .content_type = content_type,
              .if_match = {}});
}

ServerClient::Listed ServerClient::list(const std::string& path, Query query, std::size_t limit,
                                        const std::string& cursor) {
  Listed out;
  out.next = cursor.empty() ? json() : json(cursor);
  do {
    Query now = query;
    now.emplace_back("limit", std::to_string(std::min(limit - out.items.size(), kPage)));
    if (out.next.is_string()) now.emplace_back("cursor", out.next.get<std::string>());
    out.last = get(path, now).body;
    const auto items = out.last.find("items");
    if (items == out.last.end() || !items->is_array())
      fail({ErrorKind::kUnavailable, "the server's answer cannot be read", "are both of one release?", ""}, json_);
    for (json& one : *items) out.items.push_back(std::move(one));
    out.next = out.last.value("next", json());
  } while (out.next.is_string() && out.items.size() < limit);
  return out;
}

}  // namespace sallyport::cli
