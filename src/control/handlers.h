// The verbs that every process with an engine answers: status, reload, metrics, why, keys, refresh,
// slowed, let_go.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "control/server.h"

namespace sallyport {
class Engine;
}

namespace sallyport::control {

// Numbers and words of the process that the engine lives in, for `status`: {"broker": "mosquitto 2.1"}, {"admitted":
// "12"}.
using HostFacts = std::vector<std::pair<std::string, std::string>>;

// The engine must outlive the table. `facts` is called on the server's thread and may be empty.
HandlerTable engine_handlers(Engine& engine, std::function<HostFacts()> facts = {});

}  // namespace sallyport::control
