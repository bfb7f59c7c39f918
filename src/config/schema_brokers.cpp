#include "config/schema_brokers.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/schema_http.h"
#include "keys/source_url.h"

namespace sallyport {
namespace {

constexpr std::size_t kMaxBrokers = 64;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

// http carries the API's password in the clear: to this machine alone.
void check_url(const TomlNode& node, ValueReader& reader, BrokerSetting& out) {
  std::string url;
  if (!reader.text(node, url)) return;
  const auto parsed = parse_source_url(url);
  if (!parsed) return reader.fault(node.place, parsed.error());
  if (parsed->path.find('?') != std::string::npos)
    return reader.fault(node.place, "the address has a query", "write scheme, host and port alone");
  if (!parsed->https && !is_loopback_name(parsed->host))
    return reader.fault(node.place, "the password of this API would cross the network in the clear",
                        "use https, or http to 127.0.0.1");
  while (url.ends_with('/')) url.pop_back();
  out.url = std::move(url);
}

void read_kind(const TomlNode& node, ValueReader& reader, BrokerSetting& out) {
  static const std::vector<std::string_view> kinds = {"rabbitmq", "emqx", "emqx4", "vernemq"};
  std::string kind;
  if (!reader.text(node, kind)) return;
  if (kind == "nanomq")
    return reader.fault(node.place, "NanoMQ's API has no way to end one client",
                        "take the table out; what a NanoMQ client asks after the end is denied");
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    return reader.fault(node.place, fmt::format("unknown kind {}", toml_quote(kind.substr(0, 32))),
                        nearest_hint(kind, kinds));
  out.kind = std::move(kind);
}

void read_broker(const TomlNode& node, ValueReader& reader, BrokerSetting& out) {
  static const std::vector<std::string_view> known = {"name",          "kind",    "url", "user",
                                                      "password_file", "ca_file", "pace"};
  if (!reader.table(node, known, "a broker")) return;
  const auto take = [&](std::string_view key, auto read) {
    if (const TomlNode* value = node.find(key)) read(*value);
  };
  take("name", [&](const TomlNode& n) { reader.text(n, out.name); });
  take("kind", [&](const TomlNode& n) { read_kind(n, reader, out); });
  take("url", [&](const TomlNode& n) { check_url(n, reader, out); });
  take("user", [&](const TomlNode& n) { reader.text(n, out.user); });
  take("password_file", [&](const TomlNode& n) { reader.path(n, out.password_file); });
  take("ca_file", [&](const TomlNode& n) { reader.path(n, out.ca_file); });
  take("pace", [&](const TomlNode& n) { read_whole(n, reader, out.pace, 1, 10'000); });
  if (!is_name(out.name))
    reader.fault(node.place, "a broker has no name, or one that is more than letters, digits, - _ and .",
                 "name = \"rabbit-1\": it stands in logs and metrics");
  if (out.user.find(':') != std::string::npos)
    reader.fault(node.place, "a user name with \":\" cannot be sent by Basic", "choose another user of the API");
  const auto missing = [&](std::string_view key) { return node.find(key) == nullptr; };
  if (missing("kind")) reader.fault(node.place, "a broker has no kind", "kind = \"rabbitmq\"");
  if (missing("url")) reader.fault(node.place, "a broker has no url", "url = \"http://127.0.0.1:15672\"");
  if (missing("password_file"))
    reader.fault(node.place, "a broker has no password_file", "the file holds the password, or the key, of its API");
  // VerneMQ's key is all of its proof.
  if (missing("user") && out.kind != "vernemq" && !out.kind.empty())
    reader.fault(node.place, "a broker has no user", "the user, or the key, of its API");
}

void set_brokers(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type != TomlType::list)
    return reader.fault(node.place, fmt::format("expected a list of tables, found {}", name(node.type)),
                        "write [[brokers]] above each of them");
  if (node.items.size() > kMaxBrokers) return reader.fault(node.place, "there are more than 64 brokers");
  std::vector<BrokerSetting> brokers;
  for (const TomlNode& item : node.items) {
    BrokerSetting one;
    read_broker(item, reader, one);
    if (std::any_of(brokers.begin(), brokers.end(), [&](const BrokerSetting& b) { return b.name == one.name; }))
      reader.fault(item.place, fmt::format("two brokers are named {}", toml_quote(one.name)),
                   "give each a name of its own");
    brokers.push_back(std::move(one));
  }
  s.brokers = std::move(brokers);
}

const Setting kBrokers[] = {
    {"brokers", "a list of tables", "[]",
     "Brokers whose management API ends connections for sallyportd, where the HTTP contract cannot: at a token's end, "
     "when it is revoked, and when its user is gone.\nEach has name, kind (rabbitmq, emqx, emqx4, vernemq), url, user "
     "and password_file (RabbitMQ: a user with the tag administrator; EMQX: an API key and its secret; VerneMQ: the "
     "key alone, in password_file), and may have ca_file and pace, the most ends a second (50).",
     "[{ name = \"rabbit-1\", kind = \"rabbitmq\", url = \"http://127.0.0.1:15672\", user = \"sallyport\", "
     "password_file = \"rabbit-api.password\" }]",
     set_brokers, false, true},
};

}  // namespace

std::span<const Setting> broker_settings() { return kBrokers; }

}  // namespace sallyport
