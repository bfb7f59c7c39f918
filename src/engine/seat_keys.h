// SeatKeys: from the settings' keys and what the refresher has at this moment to the
// rings that decisions use. A ring whose keys did not change keeps its generation, so
// that what was remembered under it stays remembered.
#pragma once

#include <cstdint>

#include "auth/gate_snapshot.h"
#include "config/settings.h"
#include "keys/jwks_refresher.h"

namespace sallyport {

// The sources on the network that these settings name.
std::vector<KeySourceSettings> key_sources_of(const JwtSettings& jwt);
// The folder of their stored documents; empty: none.
std::string vault_folder_of(const Settings& settings);

// Makes each authority's ring of its local keys and those of its source. `generation` is the last one given out.
void seat_keys(JwtPolicy& jwt, const JwtPolicy& previous, const JwksRefresher* refresher, std::uint64_t& generation);

}  // namespace sallyport
