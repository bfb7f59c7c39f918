#include "config/schema.h"

#include <algorithm>

#include "config/schema_brokers.h"
#include "config/schema_console.h"
#include "config/schema_http.h"
#include "config/schema_issuers.h"
#include "config/schema_jwks.h"
#include "config/schema_jwt.h"
#include "config/schema_topics.h"

namespace sallyport {
namespace {

constexpr std::int64_t kDay = 86'400;
// sockaddr_un::sun_path holds 108 bytes with its NUL.
constexpr std::size_t kMaxSocketPath = 107;

constexpr SectionDoc kSections[] = {
    {"store", "Where users and revisions of settings live."},
    {"chain", "What happens to a client that no authenticator owns."},
    {"password", "Default authentication: user name and password, asked first."},
    {"jwt", "JSON Web Tokens, asked second. The keys are tried in the order secret, public keys, key sets (JWKS)."},
    {"topics",
     "What an admitted client may publish and subscribe, where neither its token nor a rule of [[topic_rules]] says "
     "it."},
    {"session",
     "How long an admitted client stays. A user of the store who is disabled, deleted or given another password is out "
     "within a second."},
    {"mqtt5", "What MQTT 5 has beyond user name and password."},
    {"gate", "The gate as a whole."},
    {"crypto", "Who verifies signatures."},
    {"control", "The socket on which `sallyport status`, `why`, `metrics` and `reload` ask the running plugin."},
    {"audit", "Decisions that are kept on disk, beside the store, for the console: without tokens and passwords."},
    {"http", "The daemon, sallyportd. The plugin reads none of it."},
    {"console", "The daemon's pages and their REST. The plugin reads none of it."},
    {"log", "The plugin's lines in the broker's log."},
};

void set_store_url(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type == TomlType::text && node.text.empty()) return;
  std::string url;
  if (!reader.text(node, url)) return;
  if (url.starts_with("postgres://") || url.starts_with("postgresql://")) {
    // The settings are shown, logged and copied: a password would be, too.
    const std::size_t host = url.find("//") + 2, at = url.find('@', host), colon = url.find(':', host);
    if ((at != std::string::npos && colon < at) || url.find("password=") != std::string::npos)
      return reader.fault(
          node.place, "the store's url holds a password",
          "keep it in a file: \"postgres://sallyport@db.example/sallyport?passfile=/etc/sallyport/pgpass\"");
    s.store.url = std::move(url);
    return;
  }
  constexpr std::string_view scheme = "sqlite://";
  if (!url.starts_with(scheme))
    return reader.fault(node.place, "the store's url is not of a kind that is known",
                        "write \"sqlite://\" and an absolute path: \"sqlite:///var/lib/sallyport/store.db\"");
  if (url.size() <= scheme.size() + 1 || url[scheme.size()] != '/')
    return reader.fault(node.place, "the store's path is not absolute",
                        "write three slashes: \"sqlite:///var/lib/sallyport/store.db\"");
  s.store.url = std::move(url);
}

void set_no_match(Settings& s, const TomlNode& node, ValueReader& reader) {
  static constexpr Choice<NoMatch> choices[] = {
      {"deny", NoMatch::deny}, {"allow", NoMatch::allow}, {"defer", NoMatch::defer}};
  reader.choice(node, choices, s.chain.no_match);
}
void set_mode(Settings& s, const TomlNode& node, ValueReader& reader) {
  static constexpr Choice<GateMode> choices[] = {{"enforce", GateMode::enforce}, {"observe", GateMode::observe}};
  reader.choice(node, choices, s.gate.mode);
}
void set_crypto_engine(Settings& s, const TomlNode& node, ValueReader& reader) {
  static constexpr Choice<CryptoEngine> choices[] = {{"openssl", CryptoEngine::openssl},
                                                     {"auto", CryptoEngine::automatic}};
  reader.choice(node, choices, s.crypto.engine);
}
void set_level(Settings& s, const TomlNode& node, ValueReader& reader) {
  static constexpr Choice<LogLevel> choices[] = {{"debug", LogLevel::debug},
                                                 {"info", LogLevel::info},
                                                 {"notice", LogLevel::notice},
                                                 {"warning", LogLevel::warning},
                                                 {"error", LogLevel::error}};
  reader.choice(node, choices, s.log.level);
}
void set_format(Settings& s, const TomlNode& node, ValueReader& reader) {
  static constexpr Choice<LogFormat> choices[] = {{"text", LogFormat::text}, {"json", LogFormat::json}};
  reader.choice(node, choices, s.log.format);
}
void set_from(Settings& s, const TomlNode& node, ValueReader& reader) {
  static constexpr Choice<TokenSource> choices[] = {{"password", TokenSource::password},
                                                    {"username", TokenSource::username}};
  reader.choice(node, choices, s.jwt.from);
}
void set_not_a_token(Settings& s, const TomlNode& node, ValueReader& reader) {
  static constexpr Choice<NotAToken> choices[] = {{"deny", NotAToken::deny}, {"ignore", NotAToken::ignore}};
  reader.choice(node, choices, s.jwt.not_a_token);
}
void set_socket(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type == TomlType::text && node.text.empty()) return;
  std::string path;
  if (!reader.path(node, path)) return;
  if (path.size() > kMaxSocketPath)
    return reader.fault(node.place, "the socket's path is longer than the 107 bytes that the system takes",
                        "choose a shorter path, such as /run/sallyport/control.sock");
  s.control.socket = std::move(path);
}
void set_jwt_enabled(Settings& s, const TomlNode& node, ValueReader& reader) {
  bool on = false;
  if (reader.boolean(node, on)) s.jwt.enabled = on;
}
void set_issuer(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::string issuer;
  if (reader.text(node, issuer)) s.jwt.issuer = std::move(issuer);
}
void set_typ(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::string typ;
  if (reader.text(node, typ)) s.jwt.typ = std::move(typ);
}
void set_principal_claims(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> claims;
  if (!reader.text_or_list(node, claims)) return;
  for (const std::string& claim : claims)
    if (!reader.claim_name(node.place, claim)) return;
  s.jwt.principal_claims = std::move(claims);
}
void set_audience(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> audience;
  if (!reader.text_or_list(node, audience)) return;
  // An empty list reads as "nobody" to one person and as "not checked" to the next.
  if (audience.empty())
    return reader.fault(node.place, "the list is empty",
                        "name an audience, or take the line out to leave it unchecked");
  s.jwt.audience = std::move(audience);
}
void set_max_lifetime(Settings& s, const TomlNode& node, ValueReader& reader) {
  std::int64_t seconds = 0;
  if (reader.duration(node, seconds, 1, 36'500 * kDay)) s.jwt.max_lifetime = seconds;
}

// The order is that of the default file and of docs/configuration.md.
const Setting kSettings[] = {
    {"store.url", "text", "\"\"",
     "Where the store is: \"sqlite://\" and an absolute path, or, for several nodes of sallyportd, \"postgres://\" and "
     "what "
     "libpq takes behind it, without a password (passfile=...).\nEmpty: no users, and no settings but this "
     "file's.\nThe "
     "file is made by the first command that writes to it, and belongs to the folder's owner, which should be the "
     "broker's user.",
     "\"sqlite:///var/lib/sallyport/store.db\"", set_store_url, false, true},
    {"store.users_in_memory", "a whole number", "2000000",
     "How many users a node of sallyportd keeps in memory, at about 250 bytes each.\nWhere a postgres:// store has "
     "more, a node keeps those that it was asked about lately and fetches the rest when they come; the attempt waits "
     "for that, no thread does.\nOf a sqlite:// store all are kept.",
     "500000",
     [](Settings& s, const TomlNode& n, ValueReader& r) {
       read_whole(n, r, s.store.users_in_memory, 1000, 100'000'000);
     },
     false, true},
    {"store.key_file", "path", "",
     "A file with the key under which secrets in revisions are sealed (sallyport config seal-key makes one), so that a "
     "copy of the store gives none away.\nPlugin, daemon and command line need the same file; only they should be able "
     "to read it.\nNot set: the console stores no secrets.",
     "\"/etc/sallyport/store.key\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.store.key_file); }, false, true},

    {"chain.no_match", "\"deny\", \"allow\" or \"defer\"", "\"deny\"",
     "What happens when no authenticator owns what the client showed.\n\"deny\" keeps it out. \"allow\" admits only a "
     "client that shows nothing at all (no user name, no password, no authentication data).\n\"defer\" lets the "
     "broker's other plugins and files answer.\nA credential that was shown and that nobody owns is never admitted by "
     "the gate.",
     "\"defer\"", set_no_match},

    {"password.enabled", "true or false", "true", "Whether users of the store come in with user name and password.",
     "false", [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.password.enabled); }},

    {"jwt.enabled",
     "true or false",
     "",
     "Whether tokens are looked at.\nNot set: true when there is any key.",
     "false",
     set_jwt_enabled,
     false,
     false,
     {},
     [](const Settings& s) { return std::string(s.jwt.is_enabled() ? "true" : "false"); }},
    {"jwt.from", "\"password\" or \"username\"", "\"password\"",
     "The field of CONNECT that holds the token.\nWith \"username\" the broker's user name becomes the principal, so "
     "that no token is logged or published by the broker; %u then has nothing behind it.",
     "\"username\"", set_from},
    {"jwt.secret", "text, { env = \"NAME\" } or { file = \"path\" }", "",
     "The key of HS256, HS384 and HS512, as text.\nAt least 32 bytes, random; whoever has it can make tokens.\n{ env = "
     "\"NAME\" } takes it from the environment of the broker, { file = \"path\" } from a file, without one trailing "
     "newline.\nOnly one of secret, secret_base64 and secret_file can be set.",
     "{ env = \"SALLYPORT_SECRET\" }", set_jwt_secret, true, false, "jwt.secret"},
    {"jwt.secret_base64", "text, { env = \"NAME\" } or { file = \"path\" }", "",
     "The same, base64 or base64url, for keys that are bytes and not text.", "{ file = \"secret.b64\" }",
     set_jwt_secret_base64, true, false, "jwt.secret"},
    {"jwt.secret_file", "path", "",
     "The same, as the bytes of a file without one trailing newline.\nRelative paths start at the folder of the "
     "settings file.",
     "\"secret\"", set_jwt_secret_file, false, false, "jwt.secret"},
    {"jwt.public_key", "text or a list of texts", "",
     "Public keys as text: PEM (public key, PKCS#1, X.509 certificate), a JWK or a JWK set.",
     "'''\n-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC "
     "KEY-----\n'''",
     set_jwt_public_key},
    {"jwt.public_key_file", "path or a list of paths", "", "The same, from files. A changed file is noticed.",
     "[\"keys/issuer-a.pem\", \"keys/issuer-b.json\"]",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path_or_list(n, s.jwt.public_key_files); }},
    {"jwt.allowed_algorithms", "a list of algorithm names",
     "[\"HS256\", \"HS384\", \"HS512\", \"RS256\", \"RS384\", \"RS512\", \"PS256\", \"PS384\", \"PS512\", \"ES256\", "
     "\"ES384\", \"ES512\", \"EdDSA\", \"Ed25519\", \"Ed448\"]",
     "The values of alg that are taken. A key serves only those that fit its kind, whatever this says.",
     "[\"ES256\", \"EdDSA\"]", set_jwt_allowed_algorithms},
    {"jwt.typ", "text", "", "The one value of the header's typ that is taken.\nNot set: absent, JWT and at+jwt pass.",
     "\"at+jwt\"", set_typ},
    {"jwt.issuer", "text", "", "The iss that a token must have, exactly.\nNot set: not checked.",
     "\"https://id.example.com\"", set_issuer},
    {"jwt.audience", "text or a list of texts", "",
     "The aud that a token must have, or of which it must have one.\nNot set: not checked.", "\"mqtt.example.com\"",
     set_audience},
    {"jwt.leeway", "duration", "\"0s\"",
     "How far the clocks of issuer and broker may be apart: added to exp, taken off nbf.", "\"30s\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.jwt.leeway, 0, 365 * kDay); }},
    {"jwt.require_exp", "true or false", "false",
     "Whether a token without exp is refused.\nOne that never ends is good for ever to whoever copies it.", "true",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.jwt.require_exp); }},
    {"jwt.require_binding", "true or false", "false",
     "Whether a token that is bound to no TLS client certificate (cnf x5t#S256, RFC 8705) is refused.\nOne that is "
     "bound is good on connections with that certificate alone, whatever this says.",
     "true", [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.jwt.require_binding); }},
    {"jwt.max_lifetime", "duration", "",
     "The most that exp may lie after iat; a token then needs both.\nNot set: not checked.", "\"30d\"",
     set_max_lifetime},
    {"jwt.verify_claims", "true or false", "true", "Whether the rules of claims are checked.", "false",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.jwt.verify_claims); }},
    {"jwt.claims", "a table of claim = \"expected text\"", "{}",
     "What claims must hold. %u or ${username} is the user name, %c or ${clientid} the client id; they stand anywhere "
     "in the text.\nA claim that is an array matches with one of its members. A name that starts with / is a JSON "
     "Pointer.\nThe whole table counts as one setting: what the file says here, the store cannot add to.",
     "{ username = \"%u\", \"/device/site\" = \"plant-7\" }", set_jwt_claims},
    {"jwt.principal_claims", "a list of claim names", "[\"sub\"]",
     "Who a token is for: the first of these claims that is there and is text.\nWithout one it is the user name, "
     "marked as unverified.",
     "[\"device_id\", \"sub\"]", set_principal_claims},
    {"jwt.not_a_token", "\"deny\" or \"ignore\"", "\"deny\"",
     "What happens when the field holds something that is no token.\n\"ignore\" is for those whom something else "
     "answers after the gate.",
     "\"ignore\"", set_not_a_token},
    {"jwt.allow_published_secrets", "true or false", "false",
     "Whether a secret that is printed in public documents admits more than plain TCP clients on loopback.\nAnybody "
     "can make tokens for such a secret.",
     "true", [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.jwt.allow_published_secrets); }},

    {"gate.mode", "\"enforce\" or \"observe\"", "\"enforce\"",
     "\"observe\" decides, logs and counts, and leaves the answer to the broker's other plugins and files: how the "
     "gate comes into a live fleet.",
     "\"observe\"", set_mode},

    {"crypto.engine", "\"auto\" or \"openssl\"", "\"auto\"",
     "\"auto\" verifies ES256, ES384 and Ed25519 several times faster than OpenSSL, and RS256 of the usual keys (2048 "
     "bits, exponent 65537) a little faster, with tables made for keys in use. A thread of its own asks OpenSSL again for what was accepted; one difference switches the fast way off for the life of the process "
     "and ends the sessions that it may have let in.\n\"openssl\" verifies every signature with OpenSSL (Ed25519 with "
     "libsodium): for providers that are certified (FIPS), and where nothing else is wanted.",
     "\"openssl\"", set_crypto_engine},

    {"control.socket", "path", "\"\"", "A Unix socket that only the broker's user can open.\nEmpty: none.",
     "\"/run/sallyport/control.sock\"", set_socket, false, true},

    {"http.listen", "text or a list of texts", "[\"127.0.0.1:8080\"]",
     "Where the daemon listens: \"ADDRESS:PORT\", \"[IPV6]:PORT\" or \"unix:/path\".\nWithout callers, bearer_file or "
     "client_ca it may listen on loopback and on Unix sockets alone.",
     "[\"127.0.0.1:8080\", \"unix:/run/sallyport/http.sock\"]", set_http_listen, false, true},
    {"http.tls_cert", "path", "",
     "The daemon's certificate chain (PEM). A changed file is noticed.\nWith it every TCP listener speaks TLS.",
     "\"/etc/sallyport/tls.crt\"", [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.http.tls_cert); },
     false, true},
    {"http.tls_key", "path", "", "Its private key (PEM).", "\"/etc/sallyport/tls.key\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.http.tls_key); }, false, true},
    {"http.client_ca", "path", "",
     "Authorities (PEM) of callers' certificates.\nWhere no caller names a certificate, any that they signed is a "
     "proof.",
     "\"/etc/sallyport/callers-ca.crt\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.http.client_ca); }, false, true},
    {"http.bearer_file", "path", "",
     "A file with one bearer token a line, each of at least 16 characters: whoever sends one may ask everything.",
     "\"/etc/sallyport/callers.tokens\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.path(n, s.http.bearer_file); }, false, true},
    {"http.callers", "a list of tables", "[]",
     "Who may ask, and what. Every proof that a caller names must hold: bearer_file, basic_user with "
     "basic_password_file, path_secret_file (requests then go to /k/SECRET/...), certificate (its common name), "
     "unix_user; addresses narrow any of them.\ncontracts binds it to some of rabbitmq, emqx, emqx4, vernemq, nanomq, "
     "proxy, v1 and metrics; without it, it may ask all. explain = true lets it have the steps of decisions.\n"
     "certificate_header names the header in which it passes on the MQTT client's certificate, for tokens that are "
     "bound to one; without it no header counts.",
     "[{ name = \"rabbit\", contracts = [\"rabbitmq\"], basic_user = \"rabbit\", basic_password_file = "
     "\"rabbit.password\", "
     "addresses = [\"10.0.0.0/8\"] }]",
     set_http_callers, false, true},
    {"http.workers", "a whole number", "0", "Threads that answer.\n0: one for each core.", "4",
     [](Settings& s, const TomlNode& n, ValueReader& r) { read_whole(n, r, s.http.workers, 0, 256); }, false, true},
    {"http.control_socket", "path", "\"\"",
     "The daemon's own control socket, as [control] socket is the plugin's.\nEmpty: none.",
     "\"/run/sallyport/daemon.sock\"", set_http_control_socket, false, true},
    {"http.max_connections", "a whole number", "20000",
     "Connections at one time. One more closes the one that has been idle longest.", "5000",
     [](Settings& s, const TomlNode& n, ValueReader& r) { read_whole(n, r, s.http.max_connections, 16, 1'000'000); },
     false, true},
    {"http.max_admissions", "a whole number", "1000000",
     "Admitted clients that are remembered for later questions without a token, about 300 bytes each.\nOne more "
     "forgets "
     "the one that was asked about longest ago.",
     "100000",
     [](Settings& s, const TomlNode& n, ValueReader& r) { read_whole(n, r, s.http.max_admissions, 64, 100'000'000); },
     false, true},
    {"http.drain", "duration", "\"5s\"", "The most that SIGTERM waits for answers that are under way.", "\"20s\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.http.drain, 1, 600); }, false, true},
    {"http.cache_max_age", "duration", "\"0s\"",
     "How long a broker may remember an answer to a topic question (VerneMQ), never beyond the token's exp.\nA "
     "revocation "
     "can be this late there.",
     "\"10s\"", [](Settings& s, const TomlNode& n, ValueReader& r) { r.duration(n, s.http.cache_max_age, 0, 3600); },
     false, true},
    {"http.without_client_id", "true or false", "false",
     "Whether questions without a client id (RabbitMQ's AMQP and management) are answered by the user name "
     "alone.\nWith "
     "it, whoever was let in under a user name is that user for every such question.",
     "true", [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.http.without_client_id); }, false,
     true},
    {"http.rabbitmq_exchange", "text", "\"amq.topic\"",
     "The exchange that RabbitMQ's MQTT plugin publishes to (mqtt.exchange).", "\"mqtt\"",
     [](Settings& s, const TomlNode& n, ValueReader& r) { r.text(n, s.http.rabbitmq_exchange); }, false, true},
    {"http.emqx_acl", "true or false", "false",
     "Whether EMQX is given a client's topic rights with the first answer, where its rules can say the same, so that "
     "it "
     "asks less.\nIt then keeps them for the life of the connection: what changes in [[topic_rules]] reaches clients "
     "that come in later.",
     "true", [](Settings& s, const TomlNode& n, ValueReader& r) { r.boolean(n, s.http.emqx_acl); }, false, true},

    {"log.level", "\"debug\", \"info\", \"notice\", \"warning\" or \"error\"", "\"notice\"",
     "The least important lines that are written. Refusals are written at notice, every decision at debug.",
     "\"debug\"", set_level},
    {"log.format", "\"text\" or \"json\"", "\"text\"", "How a line is written.", "\"json\"", set_format},
};

}  // namespace

std::span<const SectionDoc> schema_sections() { return kSections; }
// Key sets and issuers have files of their own; their place is with the other keys of [jwt], and at its end.
std::span<const Setting> schema_settings() {
  static const std::vector<Setting> all = [] {
    std::vector<Setting> made;
    for (const Setting& setting : kSettings) {
      if (setting.name == "jwt.allowed_algorithms")
        made.insert(made.end(), jwks_settings().begin(), jwks_settings().end());
      if (setting.name == "gate.mode") {
        made.insert(made.end(), rights_settings().begin(), rights_settings().end());
        made.insert(made.end(), issuer_settings().begin(), issuer_settings().end());
        made.insert(made.end(), topic_settings().begin(), topic_settings().end());
        made.insert(made.end(), session_settings().begin(), session_settings().end());
        made.insert(made.end(), broker_settings().begin(), broker_settings().end());
      }
      if (setting.name == "http.listen") made.insert(made.end(), audit_settings().begin(), audit_settings().end());
      if (setting.name == "log.level") made.insert(made.end(), console_settings().begin(), console_settings().end());
      made.push_back(setting);
    }
    return made;
  }();
  return all;
}

const Setting* find_setting(std::string_view name) {
  const auto all = schema_settings();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace sallyport
