// Settings of key sets: [jwt] jwks_* and issuer_discovery.
#pragma once

#include <span>
#include <vector>

#include "config/schema.h"

namespace sallyport {

std::span<const Setting> jwks_settings();

// What contradicts (faults) or leaves a hole (warnings) in where keys come from; the places are names of settings,
// or "jwt.issuers" for all that belongs to one of those.
void look_at_jwks(const Settings& settings, std::vector<Error>& faults, std::vector<Error>& warnings,
                  std::vector<Error>& advice);

}  // namespace sallyport
