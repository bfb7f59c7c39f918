#include "config/schema_jwks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "keys/source_url.h"
#include "rules/template.h"

namespace sallyport {
namespace {

constexpr std::int64_t kDay = 86'400;

void read_url(const TomlNode& node, ValueReader& reader, std::string& out) {
  std::string url;
  if (!reader.text(node, url)) return;
  if (const auto parsed = parse_source_url(url); !parsed) return reader.fault(node.place, parsed.error());
  out = std::move(url);
}

void set_jwks_url(Settings& s, const TomlNode& node, ValueReader& reader) { read_url(node, reader, s.jwt.jwks.url); }

void set_jwks_proxy(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::string proxy;
  if (!reader.text(node, proxy)) return;
  std::string_view rest = proxy;
  for (const std::string_view scheme : {"http://", "https://", "socks5h://", "socks5://"})
    if (rest.starts_with(scheme)) {
      rest.remove_prefix(scheme.size());
      const auto parsed = parse_source_url("http://" + std::string(rest));
      if (!parsed) return reader.fault(node.place, parsed.error());
      s.jwt.jwks.proxy = std::move(proxy);
      return;
    }
  reader.fault(node.place, "the proxy's address is of no kind that is known",
               "write \"http://HOST:PORT\", or https, socks5 or socks5h");
}

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

void set_jwks_headers(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type != TomlType::table)
    return reader.fault(node.place, fmt::format("expected a table of headers, found {}", name(node.type)),
                        "for example: { Authorization = { env = \"NAME\" } }");
  std::vector<std::pair<std::string, Secret>> headers;
  bool good = true;
  for (const TomlMember& member : node.members) {
    static constexpr std::string_view ours[] = {"host",       "content-length",  "transfer-encoding",
                                                "connection", "accept-encoding", "if-none-match"};
    std::string lower = member.key;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!is_header_name(member.key) || std::find(std::begin(ours), std::end(ours), lower) != std::end(ours)) {
      reader.fault(member.place, "the name is no header that can be set",
                   "letters, digits and -; Host, Connection and their like are the fetch's own");
      good = false;
      continue;
    }
    // What a file or the environment holds is not for whoever may write a revision: its jwks_url says where it goes.
    if (!reader.source().is_file && (member.value.find("env") || member.value.find("file"))) {
      reader.fault(member.value.place, "a revision's header cannot come from a file or the environment",
                   "give the header itself, which is kept sealed, or set jwks_headers in the settings file");
      good = false;
      continue;
    }
    Secret value;
    if (!reader.secret(member.value, value)) {
      good = false;
      continue;
    }
    // A line end in a value would be a header, or a request, of somebody else's making.
    if (value.empty() || value.view().find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      reader.fault(member.value.place, "the header's value is empty or has a line end");
      good = false;
      continue;
    }
    headers.emplace_back(member.key, std::move(value));
  }
  if (good) s.jwt.jwks.headers = std::move(headers);
}

void set_jwks_allow_hosts(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> hosts;
  if (!reader.text_or_list(node, hosts)) return;
  for (std::string& host : hosts) {
    const auto parsed =
        parse_source_url("https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + "/");
    if (!parsed || parsed->path != "/" || parsed->port != 443)
      return reader.fault(node.place, "one of the hosts is no host name or address",
                          "write it as it stands in the address, without port");
    host = parsed->host;
  }
  s.jwt.jwks.allow_hosts = std::move(hosts);
}

const Setting kJwks[] = {
    {"jwt.jwks_url", "text", "",
     "The address of a key set (JWKS): https, or http on this machine.\nIts keys are fetched on a thread of their own "
     "and "
     "come after secret and public keys. No decision ever waits for them; docs/keys.md tells how they live.",
     "\"https://id.example.com/realms/plant/protocol/openid-connect/certs\"", set_jwks_url},
    {"jwt.issuer_discovery", "true or false", "false",
     "Whether the key set's address is taken from the issuer's own configuration (/.well-known/openid-configuration, "
     "or "
     "RFC 8414's).\nIts issuer must be [jwt] issuer exactly.",
     "true", [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.jwt.jwks.discovery); }},
    {"jwt.jwks_file", "path or a list of paths", "",
     "Key sets in files. A changed file is noticed. Keys that cannot verify tokens are skipped.",
     "\"keys/provider.jwks\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path_or_list(n, s.jwt.jwks.files); }},
    {"jwt.jwks_refresh", "duration", "\"300s\"",
     "How often the key set is fetched, where the server asks for no shorter time (Cache-Control: max-age).\nAt least "
     "10 seconds.",
     "\"1h\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.jwt.jwks.refresh, 10, 30 * kDay); }},
    {"jwt.jwks_timeout", "duration", "\"5s\"", "The most that a fetch may take, to connect and as a whole.", "\"10s\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.jwt.jwks.timeout, 1, 120); }},
    {"jwt.jwks_max_stale", "duration", "\"24h\"",
     "How long keys are used that nobody could confirm, while the key server is away or answers nonsense.\nThen they "
     "are dropped, and "
     "attempts that need them are unavailable.",
     "\"7d\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.jwt.jwks.max_stale, 1, 365 * kDay); }},
    {"jwt.jwks_cooldown", "duration", "\"10s\"",
     "The least time between two fetches, whoever asks: the timer, a token with an unknown kid, `sallyport keys "
     "refresh`.",
     "\"30s\"", [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.jwt.jwks.cooldown, 1, kDay); }},
    {"jwt.jwks_ca_file", "path", "",
     "Authorities (PEM) that the key server's certificate may be signed by, instead of the system's.",
     "\"/etc/sallyport/id-ca.pem\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.jwt.jwks.ca_file); }},
    {"jwt.jwks_client_cert", "path", "", "A certificate (PEM) that the fetch shows.", "\"/etc/sallyport/client.pem\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.jwt.jwks.client_cert); }},
    {"jwt.jwks_client_key", "path", "", "Its private key (PEM, without a passphrase).", "\"/etc/sallyport/client.key\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.jwt.jwks.client_key); }},
    {"jwt.jwks_headers", "a table of header = text, { env = \"NAME\" } or { file = \"path\" }", "{}",
     "Headers that the fetch sends, to the configured host alone. The whole table counts as one setting.\nA revision "
     "of "
     "the store has them as text alone.",
     "{ Authorization = { env = \"SALLYPORT_SECRET\" } }", set_jwks_headers, true},
    {"jwt.jwks_proxy", "text", "", "The proxy that the fetch goes through. The environment's proxies are never used.",
     "\"http://proxy.example.com:3128\"", set_jwks_proxy},
    {"jwt.jwks_allow_http", "true or false", "false",
     "Whether http may go to other machines than this one.\nWhoever is on the way can then put his own keys into the "
     "set.",
     "true", [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.jwt.jwks.allow_http); }},
    {"jwt.jwks_allow_hosts", "text or a list of texts", "[]",
     "Hosts, as they stand in the address, that may be at link-local and cloud metadata addresses. All others may not.",
     "[\"169.254.10.7\"]", set_jwks_allow_hosts},
    {"jwt.jwks_cache", "path", "",
     "The folder for the last good key sets, so that a broker that restarts while the key server is away has "
     "them.\nNot set: \"jwks\" beside the store's file; none without a store.",
     "\"/var/lib/sallyport/jwks\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.jwt.jwks_cache); }},
};

class Look {
 public:
  Look(const AuthoritySettings& authority, const std::string& issuer, std::vector<Error>& faults,
       std::vector<Error>& warnings)
      : a_(authority), name_(issuer), faults_(faults), warnings_(warnings) {}

  void at_all() {
    const JwksSettings& j = a_.jwks;
    if (!j.url.empty() && j.discovery)
      fault("jwks_url and issuer_discovery contradict each other", "keep one of them", "issuer_discovery");
    if (j.discovery) at_discovery();
    if (j.client_cert.empty() != j.client_key.empty())
      fault("jwks_client_cert and jwks_client_key belong together", "set both",
            j.client_cert.empty() ? "jwks_client_key" : "jwks_client_cert");
    if (!j.remote()) return;
    if (j.cooldown > j.refresh)
      fault("jwks_cooldown is longer than jwks_refresh",
            "the cool-down is the least time between fetches; make it shorter", "jwks_cooldown");
    if (j.max_stale < j.refresh)
      warn("jwks_max_stale is shorter than jwks_refresh, so the keys are dropped between two fetches",
           "make it hours: it is how long an outage of the key server goes unnoticed by devices", "jwks_max_stale");
    at_http(j.discovery ? a_.issuer.value_or("") : j.url, j.discovery ? "issuer" : "jwks_url");
    if (a_.audience.empty() && !binds_by_claim())
      warn(
          "keys from a provider and no audience: every token that the provider makes for anyone, for any service, is "
          "let in",
          "set audience to this broker's name at the provider", j.discovery ? "issuer_discovery" : "jwks_url");
  }

 private:
  // A claim that must have one value can bind the token to this broker as aud does. What the client says of itself (%u,
  // %c) cannot: any service's token of the same name has it.
  bool binds_by_claim() const {
    return a_.verify_claims && std::any_of(a_.claims.begin(), a_.claims.end(), [](const ClaimRuleSetting& rule) {
             const auto expected = Template::compile(rule.expected);
             return expected && !expected->uses_username() && !expected->uses_client_id();
           });
  }
  void at_discovery() {
    if (!a_.issuer)
      return fault("issuer_discovery needs the issuer", "set issuer to the provider's issuer URL", "issuer_discovery");
    if (const auto url = parse_source_url(*a_.issuer); !url)
      fault("the issuer is no address that its configuration could be found at: " + url.error().cause,
            "set jwks_url instead of issuer_discovery", "issuer");
  }
  void at_http(const std::string& url, const char* setting) {
    const auto parsed = parse_source_url(url);
    if (!parsed || parsed->https) return;
    if (is_loopback_name(parsed->host)) return;
    if (!a_.jwks.allow_http)
      fault("the address is http, and keys that come over http can be anybody's",
            "use https; jwks_allow_http = true opens it on purpose", setting);
    else
      warn("keys come over http: whoever is on the way can put his own keys into the set", "use https",
           "jwks_allow_http");
  }
  std::string place(const char* setting) const { return name_.empty() ? std::string("jwt.") + setting : "jwt.issuers"; }
  std::string cause(std::string text) const { return name_.empty() ? text : fmt::format("issuer {}: {}", name_, text); }
  void fault(std::string text, std::string hint, const char* setting) {
    faults_.push_back(invalid(cause(std::move(text)), std::move(hint), place(setting)));
  }
  void warn(std::string text, std::string hint, const char* setting) {
    warnings_.push_back(invalid(cause(std::move(text)), std::move(hint), place(setting)));
  }

  const AuthoritySettings& a_;
  const std::string& name_;
  std::vector<Error>& faults_;
  std::vector<Error>& warnings_;
};

}  // namespace

std::span<const Setting> jwks_settings() { return kJwks; }

void look_at_jwks(const Settings& settings, std::vector<Error>& faults, std::vector<Error>& warnings,
                  std::vector<Error>& advice) {
  static const std::string plain;
  Look(settings.jwt, plain, faults, warnings).at_all();
  bool remote = settings.jwt.jwks.remote();
  for (const IssuerSettings& issuer : settings.jwt.issuers) {
    Look(issuer, issuer.name, faults, warnings).at_all();
    remote = remote || issuer.jwks.remote();
  }
  if (remote && settings.jwt.jwks_cache.empty() && settings.store.url.empty())
    advice.push_back(invalid(
        "there is no folder to keep key sets in: a broker that restarts while the key server is away has no keys",
        "set jwks_cache, or give [store] a url", "jwt.jwks_url"));
}

}  // namespace sallyport
