#include "config/schema_console.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/schema_http.h"
#include "jose/algorithm.h"

namespace sallyport {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMiB = 1024 * 1024;

void set_listen(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> listen;
  if (node.type == TomlType::list && node.items.empty()) {
    s.console.listen.clear();
    return;
  }
  if (!reader.text_or_list(node, listen)) return;
  for (const std::string& one : listen) {
    const auto address = parse_listen(one);
    if (!address || address->is_unix)
      return reader.fault(node.place, fmt::format("{} is no address that a browser could be sent to", toml_quote(one)),
                          "write \"127.0.0.1:8090\" or \"[::1]:8090\"");
  }
  s.console.listen = std::move(listen);
}

void set_hosts(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type == TomlType::list && node.items.empty()) return s.console.hosts.clear();
  std::vector<std::string> hosts;
  if (!reader.text_or_list(node, hosts)) return;
  for (std::string& host : hosts) {
    if (host.find_first_of("/ @") != std::string::npos)
      return reader.fault(node.place, "a host is a name, without https:// and path", "hosts = [\"gate.example.com\"]");
    std::transform(host.begin(), host.end(), host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  s.console.hosts = std::move(hosts);
}

void set_broker_sockets(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type == TomlType::list && node.items.empty()) return s.console.broker_sockets.clear();
  reader.path_or_list(node, s.console.broker_sockets);
}

bool read_issuing(const TomlNode& node, ValueReader& reader, IssuingKeySetting& out) {
  if (!reader.table(node, {"name", "key_file", "algorithm", "kid", "issuer", "audience", "max_lifetime"},
                    "a table with name and key_file"))
    return false;
  bool good = true;
  for (const TomlMember& member : node.members) {
    const TomlNode& value = member.value;
    bool read = true;
    if (member.key == "name") {
      read = reader.text(value, out.name);
    } else if (member.key == "key_file") {
      read = reader.path(value, out.key_file);
    } else if (member.key == "kid") {
      read = reader.text(value, out.kid);
    } else if (member.key == "issuer") {
      read = reader.text(value, out.issuer);
    } else if (member.key == "audience") {
      read = reader.text_or_list(value, out.audience);
    } else if (member.key == "max_lifetime") {
      read = reader.duration(value, out.max_lifetime, 1, 3650 * kDay);
    } else if (member.key == "algorithm") {
      read = reader.text(value, out.algorithm);
      if (read && !algorithm_from_name(out.algorithm)) {
        reader.fault(value.place, "no such algorithm", "for example \"ES256\", or \"HS256\" for a secret");
        read = false;
      }
    }
    good = good && read;
  }
  if (good && (out.name.empty() || out.key_file.empty())) {
    reader.fault(node.place, "an issuing key needs a name and a key_file", "name = \"workshop\"");
    good = false;
  }
  return good;
}

void set_issuing(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type != TomlType::list)
    return reader.fault(node.place, "expected a list of tables", "begin each key with [[console.issuing]]");
  std::vector<IssuingKeySetting> keys;
  for (const TomlNode& item : node.items) {
    IssuingKeySetting key;
    if (!read_issuing(item, reader, key)) continue;
    if (std::any_of(keys.begin(), keys.end(), [&](const IssuingKeySetting& k) { return k.name == key.name; }))
      reader.fault(item.place, fmt::format("two issuing keys are named {}", toml_quote(key.name)),
                   "give each a name of its own");
    keys.push_back(std::move(key));
  }
  s.console.issuing = std::move(keys);
}

const Setting kConsole[] = {
    {"console.listen", "text or a list of texts", "[]",
     "Where the console is: \"ADDRESS:PORT\" or \"[IPV6]:PORT\", apart from [http] listen.\nEmpty: there is none. "
     "Beyond "
     "loopback it needs tls_cert, or allow_plain.",
     "[\"127.0.0.1:8090\"]", set_listen, false, true},
    {"console.tls_cert", "path", "", "The console's certificate chain (PEM). With it every listener speaks TLS.",
     "\"/etc/sallyport/console.crt\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.console.tls_cert); }, false, true},
    {"console.tls_key", "path", "", "Its private key (PEM).", "\"/etc/sallyport/console.key\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.console.tls_key); }, false, true},
    {"console.allow_plain", "true or false", "false",
     "Whether the console may be reached beyond loopback without TLS, for a proxy before it that speaks TLS.\nWhoever "
     "is on the way can otherwise read passwords and take sessions over.",
     "true", [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.console.allow_plain); }, false, true},
    {"console.hosts", "text or a list of texts", "[]",
     "Host names under which the console is reached, beside localhost and the addresses that it listens on. Requests "
     "that name another host are refused, so that no stranger's page can be pointed here by DNS.",
     "[\"gate.example.com\"]", set_hosts, false, true},
    {"console.folder", "path", "",
     "The folder of what is the console's own: the link for the first administrator and, beside an sqlite:// store, "
     "administrators, their sessions and their activity (a postgres:// store has these, for all nodes).\nNot set: the "
     "folder of the store's file.",
     "\"/var/lib/sallyport\"", [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.console.folder); },
     false, true},
    {"console.broker_sockets", "path or a list of paths", "[]",
     "The [control] sockets of the brokers whose sessions, counters and keys the console shows.",
     "[\"/run/sallyport/control.sock\"]", set_broker_sockets, false, true},
    {"console.issuing", "a list of tables", "[]",
     "Keys that administrators may issue tokens with. Each has name and key_file (a private key as PEM or JWK, or the "
     "bytes of a secret), and may have algorithm, kid, issuer, audience and max_lifetime (\"1d\").\nNo other key is "
     "ever "
     "used for issuing.",
     "[{ name = \"workshop\", key_file = \"/etc/sallyport/workshop.pem\", max_lifetime = \"8h\" }]", set_issuing, false,
     true},
};

const Setting kAudit[] = {
    {"audit.keep", "duration", "\"0s\"",
     "How long decisions are kept, in audit.db beside an sqlite:// store, or in a postgres:// store, which has those "
     "of all nodes: names, addresses, reasons and steps, never a token or a password. They are written behind, so that "
     "no decision waits for a disk.\n\"0s\": none are kept, and the console "
     "shows the last few thousand from memory.",
     "\"7d\"", [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.audit.keep, 0, 3650 * kDay); }},
    {"audit.max_bytes", "a whole number", "268435456",
     "About the most bytes that kept decisions take, of all nodes together; the oldest make room for the newest.",
     "67108864",
     [](Settings& s, const TomlNode& n, ValueReader& r) {
       read_whole(n, r, s.audit.max_bytes, kMiB, 1024 * 1024 * kMiB);
     }},
};

}  // namespace

std::span<const Setting> console_settings() { return kConsole; }
std::span<const Setting> audit_settings() { return kAudit; }

std::vector<Error> console_contradictions(const Settings& settings) {
  std::vector<Error> out;
  const ConsoleSettings& c = settings.console;
  if (c.tls_cert.empty() != c.tls_key.empty())
    out.push_back(invalid("tls_cert and tls_key go together", "set both or neither", "console.tls_cert"));
  for (const std::string& text : c.listen) {
    const std::optional<ListenAddress> address = parse_listen(text);
    if (address && !address->loopback && c.tls_cert.empty() && !c.allow_plain)
      out.push_back(invalid(fmt::format("{} is open to others and passwords would go over it in the clear", text),
                            "set tls_cert and tls_key, or allow_plain = true where a proxy before it speaks TLS",
                            "console.listen"));
  }
  if (!c.listen.empty() && c.folder.empty() && !settings.store.url.starts_with("sqlite://"))
    out.push_back(invalid("the console has no folder of its own",
                          "set folder under [console], or give [store] an sqlite:// url", "console.listen"));
  return out;
}

}  // namespace sallyport
