// Values of settings between TOML and JSON. A secret leaves as a mark that says that it
// is set, and the mark, coming back, means the secret that is there.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "config/schema.h"
#include "config/toml_tree.h"
#include "crypto/sealer.h"

namespace sallyport {

// {"$set": true}
nlohmann::json set_mark();

// The value as JSON. Of a setting that is, or holds, a secret the secret parts are marks; where it comes from a file or
// the environment is no secret.
nlohmann::json to_json(const TomlNode& node, bool has_secrets);
// The same as TOML text, "(set)" for what is secret.
std::string to_shown_toml(const TomlNode& node, bool has_secrets);

// From JSON; an Error where TOML has no such value. `before` is the value that a mark stands for. Secret texts are
// sealed; an Error where there is no sealer.
Result<TomlNode> to_toml_node(const nlohmann::json& value, const Setting& setting, const TomlNode* before,
                              const Sealer* sealer);
// The same for a value out of a settings file, whose secrets are still in the clear: how many were sealed. One that is
// the same as in `before` stays as it was sealed then.
Result<std::size_t> seal_secrets(TomlNode& value, const Setting& setting, const TomlNode* before, const Sealer* sealer);
// The same without sealing, to be judged and forgotten.
Result<TomlNode> to_toml_draft(const nlohmann::json& value, const Setting& setting, const TomlNode* before);

}  // namespace sallyport
