// Callers: who may ask, how he proves it, and which contracts are his. Made from
// settings and their files; immutable, swapped in whole by a reload. Secrets are
// compared in constant time and never logged.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/settings.h"
#include "daemon/contract.h"
#include "daemon/http/request.h"
#include "rules/ip_range.h"

namespace sallyport::daemon {

// What the connection itself says of who is at its other end.
struct PeerFacts {
  std::string address;  // empty on a Unix socket
  bool is_unix = false;
  uid_t uid = 0;                 // of a Unix socket
  bool has_certificate = false;  // one that client_ca signed
  std::string certificate;       // its common name
  bool is_loopback() const;
};

// What one caller may do.
struct Grant {
  std::string_view caller;  // its name, for logs; lives as long as Callers
  bool may_explain = false;
  std::string_view
      certificate_header;  // in which he says what certificate the MQTT client has; empty: his word is not taken
  bool open = false;       // nobody proved anything: loopback, and no callers are set
};

class Callers {
 public:
  // Reads the files of secrets.
  static Result<std::shared_ptr<const Callers>, std::vector<Error>> load(const HttpSettings& settings);

  // `path_secret`: the segment after /k/, empty where there was none. Nothing: he may not ask this.
  std::optional<Grant> identify(const http::Request& request, std::string_view path_secret, const PeerFacts& peer,
                                Contract contract) const;
  const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  struct Caller {
    std::string name;
    unsigned contracts = ~0u;                  // bits
    std::vector<Secret> bearers;               // any of them
    std::optional<Secret> basic, path_secret;  // basic: as the header has it, base64
    std::optional<std::string> certificate;
    bool any_certificate = false;
    std::optional<uid_t> unix_uid;
    std::vector<IpRange> addresses;
    std::string certificate_header;
    bool may_explain = false;
  };
  bool proves(const Caller& caller, const http::Request& request, std::string_view path_secret, const PeerFacts& peer,
              bool header_is_theirs) const;

  std::vector<Caller> callers_;
  std::vector<std::string> warnings_;
  bool open_ = false;
};

}  // namespace sallyport::daemon
