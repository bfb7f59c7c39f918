// What the engine knows of keys and their sources, as the JSON of the verbs `keys` and `refresh`.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "engine/engine.h"

namespace sallyport::control {

nlohmann::json to_json(const SourceReport& source);
nlohmann::json to_json(const VerificationKey& key);
// {"sources": […], "local": […]}
nlohmann::json keys_report(const Engine& engine);
// {"verb":"refresh"} for all sources, or with "source":"NAME" for one.
Result<nlohmann::json> refresh_keys(Engine& engine, const nlohmann::json& request);

}  // namespace sallyport::control
