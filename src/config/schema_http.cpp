#include "config/schema_http.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sallyport {
namespace {

constexpr std::size_t kMaxSocketPath = 107;

bool is_loopback(std::string_view host) {
  in_addr four{};
  if (inet_pton(AF_INET, std::string(host).c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, std::string(host).c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool is_address(std::string_view host, int& family) {
  unsigned char bytes[16];
  for (const int one : {AF_INET, AF_INET6})
    if (inet_pton(one, std::string(host).c_str(), bytes) == 1) {
      family = one;
      return true;
    }
  return false;
}

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  int family = 0;
  if (!is_address(text.substr(0, slash), family)) return false;
  if (slash == std::string_view::npos) return true;
  const std::string_view bits = text.substr(slash + 1);
  int value = -1;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), value);
  return error == std::errc{} && end == bits.data() + bits.size() && value >= 0 &&
         value <= (family == AF_INET ? 32 : 128);
}

void read_caller(HttpCallerSetting& caller, const TomlNode& node, ValueReader& reader) {
  static const std::vector<std::string_view> known = {"name",
                                                      "contracts",
                                                      "bearer_file",
                                                      "basic_user",
                                                      "basic_password_file",
                                                      "path_secret_file",
                                                      "certificate",
                                                      "unix_user",
                                                      "addresses",
                                                      "certificate_header",
                                                      "explain"};
  if (!reader.table(node, known, "a caller")) return;
  const auto take = [&](std::string_view key, auto read) {
    if (const TomlNode* value = node.find(key)) read(*value);
  };
  take("name", [&](const TomlNode& n) { reader.text(n, caller.name); });
  take("bearer_file", [&](const TomlNode& n) { reader.path(n, caller.bearer_file); });
  take("basic_user", [&](const TomlNode& n) { reader.text(n, caller.basic_user); });
  take("basic_password_file", [&](const TomlNode& n) { reader.path(n, caller.basic_password_file); });
  take("path_secret_file", [&](const TomlNode& n) { reader.path(n, caller.path_secret_file); });
  take("certificate", [&](const TomlNode& n) { reader.text(n, caller.certificate); });
  take("unix_user", [&](const TomlNode& n) { reader.text(n, caller.unix_user); });
  take("certificate_header", [&](const TomlNode& n) {
    if (!reader.text(n, caller.certificate_header)) return;
    std::string& name = caller.certificate_header;
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool good = !name.empty() && name.size() <= 64 && name != "authorization" &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
                      });
    if (!good) reader.fault(n.place, "certificate_header is no name of a header", "for example \"X-Client-Cert\"");
  });
  take("explain", [&](const TomlNode& n) { reader.boolean(n, caller.explain); });
  take("addresses", [&](const TomlNode& n) {
    if (!reader.text_or_list(n, caller.addresses)) return;
    for (const std::string& one : caller.addresses)
      if (!is_cidr(one))
        return reader.fault(n.place, "an address is neither an IP address nor a network",
                            "for example \"10.0.0.0/8\" or \"192.0.2.7\"");
    // An empty list reads as "nobody" to one person and as "anybody" to the next.
    if (caller.addresses.empty()) reader.fault(n.place, "the list is empty", "name a network, or take the line out");
  });
  take("contracts", [&](const TomlNode& n) {
    if (!reader.text_or_list(n, caller.contracts)) return;
    const std::vector<std::string_view> names(std::begin(kHttpContractNames), std::end(kHttpContractNames));
    for (const std::string& one : caller.contracts)
      if (std::find(names.begin(), names.end(), one) == names.end())
        return reader.fault(n.place, fmt::format("unknown contract {}", toml_quote(one)), nearest_hint(one, names));
    if (caller.contracts.empty()) reader.fault(n.place, "the list is empty", "name a contract, or take the line out");
  });
  if (caller.name.empty()) reader.fault(node.place, "a caller has no name", "name = \"rabbit\"");
  if (caller.basic_user.empty() != caller.basic_password_file.empty())
    reader.fault(node.place, "basic_user and basic_password_file go together", "set both or neither");
  const bool proves = !caller.bearer_file.empty() || !caller.basic_user.empty() || !caller.path_secret_file.empty() ||
                      !caller.certificate.empty() || !caller.unix_user.empty();
  if (!proves)
    reader.fault(node.place, "a caller has no proof",
                 "give it bearer_file, basic_user and basic_password_file, path_secret_file, certificate or unix_user");
}

}  // namespace

std::optional<ListenAddress> parse_listen(std::string_view text) noexcept {
  ListenAddress out;
  if (text.starts_with("unix:")) {
    out.is_unix = out.loopback = true;
    out.host = text.substr(5);
    if (!out.host.starts_with('/') || out.host.size() > kMaxSocketPath) return std::nullopt;
    return out;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  out.host = text.substr(0, colon);
  const bool bracketed = out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']';
  if (bracketed) out.host = out.host.substr(1, out.host.size() - 2);
  int family = 0;
  try {
    if (!is_address(out.host, family) || bracketed != (family == AF_INET6)) return std::nullopt;
    out.loopback = is_loopback(out.host);
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  return out;
}

void set_http_listen(Settings& settings, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> listen;
  if (!reader.text_or_list(node, listen)) return;
  if (listen.empty())
    return reader.fault(node.place, "the list is empty", "name an address, such as \"127.0.0.1:8080\"");
  for (const std::string& one : listen)
    if (!parse_listen(one))
      return reader.fault(
          node.place, fmt::format("{} is no address to listen on", toml_quote(one)),
          "write \"127.0.0.1:8080\", \"[::1]:8080\" or \"unix:/run/sallyport/http.sock\" (107 bytes at most)");
  settings.http.listen = std::move(listen);
}

void set_http_callers(Settings& settings, const TomlNode& node, ValueReader& reader) {
  if (node.type != TomlType::list)
    return reader.fault(node.place, "expected a list of tables", "begin each caller with [[http.callers]]");
  std::vector<HttpCallerSetting> callers;
  for (const TomlNode& item : node.items) {
    HttpCallerSetting caller;
    read_caller(caller, item, reader);
    if (std::any_of(callers.begin(), callers.end(), [&](const HttpCallerSetting& c) { return c.name == caller.name; }))
      reader.fault(item.place, fmt::format("two callers are named {}", toml_quote(caller.name)),
                   "give each a name of its own");
    callers.push_back(std::move(caller));
  }
  settings.http.callers = std::move(callers);
}

void set_http_control_socket(Settings& settings, const TomlNode& node, ValueReader& reader) {
  if (node.type == TomlType::text && node.text.empty()) return;
  std::string path;
  if (!reader.path(node, path)) return;
  if (path.size() > kMaxSocketPath)
    return reader.fault(node.place, "the socket's path is longer than the 107 bytes that the system takes",
                        "choose a shorter path, such as /run/sallyport/daemon.sock");
  settings.http.control_socket = std::move(path);
}

void read_whole(const TomlNode& node, ValueReader& reader, std::int64_t& out, std::int64_t least, std::int64_t most) {
  if (node.type != TomlType::integer)
    return reader.fault(node.place, fmt::format("expected a whole number, found {}", name(node.type)));
  if (node.integer < least || node.integer > most)
    return reader.fault(node.place, fmt::format("the number is outside {} to {}", least, most));
  out = node.integer;
}

std::vector<Error> http_contradictions(const HttpSettings& http) {
  std::vector<Error> out;
  if (http.tls_cert.empty() != http.tls_key.empty())
    out.push_back(invalid("tls_cert and tls_key go together", "set both or neither", "http.tls_cert"));
  if (!http.client_ca.empty() && http.tls_cert.empty())
    out.push_back(invalid("client_ca needs TLS", "set tls_cert and tls_key", "http.client_ca"));
  for (const HttpCallerSetting& caller : http.callers)
    if (!caller.certificate.empty() && http.client_ca.empty())
      out.push_back(invalid(
          fmt::format("the caller {} is to show a certificate and no authority is set", toml_quote(caller.name)),
          "set client_ca", "http.callers"));
  for (const std::string& text : http.listen) {
    const std::optional<ListenAddress> address = parse_listen(text);
    if (address && !address->loopback && http.open())
      out.push_back(invalid(fmt::format("{} is open to others and nobody is asked who he is", text),
                            "listen on 127.0.0.1, or set [[http.callers]], bearer_file or client_ca", "http.listen"));
  }
  return out;
}

}  // namespace sallyport
