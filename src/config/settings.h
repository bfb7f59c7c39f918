// Settings: what the operator decided, typed. Made by the loader from a file and the
// store's current revision by the one schema (config/schema.*); compiled by the
// engine into what decisions use. Durations are seconds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/modes.h"
#include "base/secret.h"
#include "jose/algorithm.h"

namespace sallyport {

struct ClaimRuleSetting {
  std::string claim;     // top-level name, or a JSON Pointer where it starts with "/"
  std::string expected;  // template
};

struct JwtSettings {
  std::optional<bool> enabled;  // nothing: on when there is any key
  TokenSource from = TokenSource::password;
  Secret secret;  // resolved: text, decoded base64, or the file's bytes without one trailing newline
  std::vector<std::string> public_key_files;  // absolute
  std::vector<std::string> public_keys;       // PEM or JWK text
  bool verify_claims = true;
  std::vector<ClaimRuleSetting> claims;
  std::optional<std::string> issuer;
  std::vector<std::string> audience;  // any of them; empty: not checked
  std::vector<std::string> principal_claims = {"sub"};
  std::int64_t leeway = 0;  // seconds
  bool require_exp = false;
  std::optional<std::int64_t> max_lifetime;  // seconds
  std::optional<std::string> typ;
  NotAToken not_a_token = NotAToken::deny;
  bool allow_published_secrets = false;
  AlgorithmSet allowed_algorithms = kAllAlgorithms;

  bool has_any_key() const { return !secret.empty() || !public_key_files.empty() || !public_keys.empty(); }
  bool is_enabled() const { return enabled.value_or(has_any_key()); }
};

struct Settings {
  struct {
    std::string url;
  } store;  // "sqlite:///…", may be empty: no users
  struct {
    NoMatch no_match = NoMatch::deny;
  } chain;
  struct {
    bool enabled = true;
  } password;
  JwtSettings jwt;
  struct {
    GateMode mode = GateMode::enforce;
  } gate;
  struct {
    std::string socket;
  } control;  // empty: no control socket
  struct {
    LogLevel level = LogLevel::notice;
    LogFormat format = LogFormat::text;
  } log;
};

}  // namespace sallyport
