// Doctor: goes the way that a fetch of keys goes, one step at a time, and says of each
// whether it is well, and if not, why and what to do: name, address, TCP, TLS, HTTP,
// JSON, each key, clock. Uses the very fetcher that the gate uses.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "keys/fetcher.h"

namespace sallyport {

struct DoctorStep {
  bool good = false;
  std::string what;    // "name", "address", "tcp", "tls", "http", "json", "key", "clock", "discovery"
  std::string found;   // what was seen: "id.example.com is 192.0.2.7"
  std::string cause;   // where not good: why
  std::string cure;    // what to do
  std::string reason;  // the fetch outcome's name, where it is one
};

struct DoctorReport {
  std::vector<DoctorStep> steps;
  bool good() const;
};

// `discover`: the address is an issuer, whose configuration leads to the keys.
DoctorReport examine_source(const std::string& address, bool discover, const FetchOptions& options, const Clock& clock);

}  // namespace sallyport
