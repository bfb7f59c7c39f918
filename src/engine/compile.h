// From typed settings to what decisions use: templates compiled, key files read and
// parsed, keys indexed. Everything that can fail fails here, not at the first client.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "auth/gate_snapshot.h"
#include "base/error.h"
#include "base/result.h"
#include "config/settings.h"

namespace sallyport {

// Which bytes a key file had: a change is noticed and read again.
struct WatchedFile {
  std::string path;
  std::string identity;  // device, inode, size, mtime; empty: not there
};
std::string file_identity(const std::string& path);

struct CompiledPolicy {
  GateSnapshot policy;               // without users
  std::vector<WatchedFile> watched;  // key files
  std::vector<std::string> notes;    // keys of jwks_file that cannot be used
};

// The authorities have their local keys and no rings yet: see engine/seat_keys.h.
Result<CompiledPolicy, std::vector<Error>> compile_policy(const Settings& settings);

}  // namespace sallyport
