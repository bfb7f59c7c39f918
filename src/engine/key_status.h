// What status, health and metrics say of keys and of where they come from.
#pragma once

#include <string>
#include <vector>

#include "auth/gate_snapshot.h"
#include "engine/health.h"
#include "keys/key_source.h"

namespace sallyport {

// "jwks kid=a (RSA)", in the order of trial, at most 200 of an authority.
std::vector<std::string> key_labels(const JwtPolicy& jwt);
void add_key_health(const std::vector<SourceReport>& sources, const JwtPolicy& jwt, UnixSeconds now, Health& health);
void append_key_metrics(std::string& page, const std::vector<SourceReport>& sources, UnixSeconds now);

}  // namespace sallyport
