// From a file and the store's current revision to Settings, with every fault found
// in one go: place (file:line:column), cause, hint.
//
// Who is the law: a name that the file sets is pinned by it; one that it leaves out
// has the value of the store's current revision, once there is one, else its default.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/reason.h"
#include "base/result.h"
#include "config/settings.h"
#include "crypto/sealer.h"

namespace sallyport {

enum class ValueOrigin { file, store, fallback };

// One setting as `config show` prints it. Secrets are shown as "(set)" and never otherwise.
struct ShownValue {
  std::string name;   // "jwt.leeway"
  std::string value;  // TOML text, or "(set)"
  ValueOrigin origin = ValueOrigin::fallback;
  std::string place;  // "sallyport.toml:12:3", "revision 4", ""
};

struct LoadedSettings {
  Settings settings;
  std::vector<Error> warnings;     // "config check" prints them, exit 0; also logged at start
  std::vector<Error> advice;       // the same for what is sound and could be better; "config check" only
  std::vector<ShownValue> values;  // every setting of the schema, in its order
  std::string file;                // absolute path
  std::string file_digest;         // size and a 64-bit hash of the bytes; tells whether the file changed; never shown
  std::optional<std::int64_t> revision;
};

struct LoadFailure {
  std::vector<Error> faults;  // at least one
};

// The store's part, as text with its revision number; nothing: only the file.
struct StoredSettings {
  std::string toml;
  std::int64_t revision = 0;
};

// Reads the file and what it names (secret files, the environment). Key files are read by the engine.
Result<LoadedSettings, LoadFailure> load_settings(const std::string& path, const std::optional<StoredSettings>& stored);
// What load_settings() would say were `toml` the store's revision. Its places begin with `label`; values that the file
// pins are checked too, since the pin may go.
Result<LoadedSettings, LoadFailure> check_revision(const std::string& path, const std::string& toml,
                                                   const std::string& label);
// The [store] url (and control socket) of the file alone, so that the store can be opened first: the other values are
// not read (a secret's environment need not be here), but syntax and every name are checked.
Result<Settings, LoadFailure> load_file_only(const std::string& path);
// The key file of [store] key_file.
Result<std::shared_ptr<const Sealer>> read_sealer(const std::string& path);
// Digest of the file as it is now, as in LoadedSettings::file_digest; empty where it cannot be read.
std::string digest_file(const std::string& path);

// "30s", "5m", "2h", "7d", "250ms" is refused: whole seconds.
Result<std::int64_t> parse_duration(std::string_view text);

// The documented default file, and docs/configuration.md, made from the schema.
std::string default_settings_toml();
std::string settings_reference_markdown();
// docs/reasons.md, made from base/reason.def.
std::string reasons_reference_markdown();
// What a class of reasons means, in a sentence.
std::string_view reason_class_text(ReasonClass cls);

}  // namespace sallyport
