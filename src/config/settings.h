// Settings: what the operator decided, typed. Made by the loader from a file and the
// store's current revision by the one schema (config/schema.*); compiled by the
// engine into what decisions use. Durations are seconds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/modes.h"
#include "base/secret.h"
#include "jose/algorithm.h"
#include "rules/settings_topic_rules.h"

namespace sallyport {

struct ClaimRuleSetting {
  std::string claim;     // top-level name, or a JSON Pointer where it starts with "/"
  std::string expected;  // template
};

// Keys from a key set on the network or in a file, and how it is asked.
struct JwksSettings {
  std::string url;
  bool discovery = false;          // the address comes from the issuer's published configuration
  std::vector<std::string> files;  // absolute
  std::int64_t refresh = 300, timeout = 5, max_stale = 86'400, cooldown = 10;  // seconds
  std::string ca_file, client_cert, client_key;                                // absolute
  std::vector<std::pair<std::string, Secret>> headers;
  std::string proxy;
  bool allow_http = false;
  std::vector<std::string> allow_hosts;

  bool remote() const { return !url.empty() || discovery; }
};

// What the tokens of one issuer are verified with and held to.
struct AuthoritySettings {
  Secret secret;  // resolved: text, decoded base64, or the file's bytes without one trailing newline
  std::vector<std::string> public_key_files;  // absolute
  std::vector<std::string> public_keys;       // PEM or JWK text
  JwksSettings jwks;
  bool verify_claims = true;
  std::vector<ClaimRuleSetting> claims;
  std::optional<std::string> issuer;
  std::vector<std::string> audience;  // any of them; empty: not checked
  std::int64_t leeway = 0;            // seconds
  bool require_exp = false;
  bool require_binding = false;  // RFC 8705
  std::optional<std::int64_t> max_lifetime;  // seconds
  std::optional<std::string> typ;
  AlgorithmSet allowed_algorithms = kAllAlgorithms;
  // What a token may say of topics, beyond who it is for.
  std::string acl_claim = "acl", scope_claim = "scope";  // names or JSON Pointers; empty: not looked at
  std::vector<std::string> scope_patterns;
  std::optional<std::vector<std::string>> may_grant;  // filters; nothing: no limit
  std::vector<std::string> groups_claims;
  std::string superuser_claim;  // empty: no claim makes one
  // What the broker is told of a client: a name, and the claim that fills it.
  std::vector<std::pair<std::string, std::string>> attributes;

  bool has_own_key() const {
    return !secret.empty() || !public_key_files.empty() || !public_keys.empty() || jwks.remote() || !jwks.files.empty();
  }
};

// One of [[jwt.issuers]]: a token's iss chooses it.
struct IssuerSettings : AuthoritySettings {
  std::string name;
};

struct JwtSettings : AuthoritySettings {
  std::optional<bool> enabled;  // nothing: on when there is any key
  TokenSource from = TokenSource::password;
  std::vector<std::string> principal_claims = {"sub"};
  NotAToken not_a_token = NotAToken::deny;
  bool allow_published_secrets = false;
  std::vector<IssuerSettings> issuers;
  std::string jwks_cache;  // a folder, absolute; empty: beside the store

  bool has_any_key() const { return has_own_key() || !issuers.empty(); }
  bool is_enabled() const { return enabled.value_or(has_any_key()); }
};

// Who may ask sallyportd, and how he proves it: every field that is set must hold.
struct HttpCallerSetting {
  std::string name;
  std::vector<std::string> contracts;  // empty: all of them
  std::string bearer_file;             // absolute paths; the daemon alone reads them
  std::string basic_user, basic_password_file;
  std::string path_secret_file;
  std::string certificate;  // common name
  std::string unix_user;
  std::vector<std::string> addresses;  // CIDR
  std::string certificate_header;      // whose value is the MQTT client's certificate; empty: no header counts
  bool explain = false;
};

struct HttpSettings {
  std::vector<std::string> listen = {"127.0.0.1:8080"};  // "127.0.0.1:8080", "[::1]:8080", "unix:/path"
  std::string tls_cert, tls_key, client_ca;              // absolute paths
  std::string bearer_file;
  std::vector<HttpCallerSetting> callers;
  std::int64_t workers = 0;  // 0: one for each core
  std::string control_socket;
  std::int64_t max_connections = 20'000;
  std::int64_t max_admissions = 1'000'000;
  std::int64_t drain = 5;          // seconds
  std::int64_t cache_max_age = 0;  // seconds
  bool without_client_id = false;
  std::string rabbitmq_exchange = "amq.topic";
  bool emqx_acl = false;

  // Nobody is asked for a proof: such a daemon listens on loopback alone.
  bool open() const { return callers.empty() && bearer_file.empty() && client_ca.empty(); }
};

// A broker's own management API, by which the daemon ends connections. The kinds are names of contracts.
struct BrokerSetting {
  std::string name;
  std::string kind;  // rabbitmq, emqx, emqx4, vernemq
  std::string url;   // http or https, without user info
  std::string user, password_file, ca_file;
  std::int64_t pace = 50;  // ends a second at most

  bool operator==(const BrokerSetting&) const = default;
};

// A key that the daemon may make tokens with. In the file alone: none that is there for verifying becomes one by
// itself.
struct IssuingKeySetting {
  std::string name, key_file;  // absolute; PEM or JWK of a private key, or the bytes of a secret
  std::string algorithm;       // empty: the one that fits a private key
  std::string kid, issuer;
  std::vector<std::string> audience;
  std::int64_t max_lifetime = 86'400;  // seconds
};

// The pages and the REST under /api/v1 of sallyportd.
struct ConsoleSettings {
  std::vector<std::string> listen;  // empty: none
  std::string tls_cert, tls_key;    // absolute paths
  bool allow_plain = false;         // beyond loopback without TLS
  std::vector<std::string> hosts;   // names under which it is reached, beside the addresses that it listens on
  std::string folder;               // administrators and their activity; empty: beside the store's file
  std::vector<std::string> broker_sockets;
  std::vector<IssuingKeySetting> issuing;
};

// Decisions that outlive the process, beside the store.
struct AuditSettings {
  std::int64_t keep = 0;  // seconds; 0: none
  std::int64_t max_bytes = 256 * 1024 * 1024;
};

// Who verifies signatures. The fast engine answers behind OpenSSL's judgement (crypto/fast_engine.h).
enum class CryptoEngine : std::uint8_t { openssl, automatic };

struct Settings {
  struct {
    std::string url;
    std::int64_t users_in_memory = 2'000'000;
    std::string key_file;  // absolute; seals secrets of revisions
  } store;                 // "sqlite:///…", may be empty: no users
  struct {
    NoMatch no_match = NoMatch::deny;
  } chain;
  struct {
    bool enabled = true;
  } password;
  JwtSettings jwt;
  struct {
    NoMatch no_match = NoMatch::allow;
  } topics;
  std::vector<TopicRuleSetting> topic_rules;
  struct {
    bool end_at_exp = true;
    std::optional<std::int64_t> max_session;  // seconds, of tokens without exp
    std::int64_t notice = 60;                 // seconds before the end; 0: none is sent
  } session;
  struct {
    std::vector<std::string> methods = {"JWT", "CUSTOM-JWT", "OAUTH2-JWT"};
  } mqtt5;
  struct {
    GateMode mode = GateMode::enforce;
  } gate;
  struct {
    CryptoEngine engine = CryptoEngine::automatic;
  } crypto;
  struct {
    std::string socket;
  } control;  // empty: no control socket
  HttpSettings http;
  std::vector<BrokerSetting> brokers;
  ConsoleSettings console;
  AuditSettings audit;
  struct {
    LogLevel level = LogLevel::notice;
    LogFormat format = LogFormat::text;
  } log;
};

}  // namespace sallyport
