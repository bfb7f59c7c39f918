// What the engine knows, as the JSON that the control socket answers with.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/decision_ring.h"
#include "engine/engine.h"

namespace sallyport::control {

nlohmann::json to_json(const EngineStatus& status);
nlohmann::json to_json(const KeptDecision& decision);  // with `explanation`, a line of words a step
nlohmann::json to_json(const ReloadOutcome& outcome);

}  // namespace sallyport::control
