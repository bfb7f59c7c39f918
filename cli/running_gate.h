// Asking the process that runs with a settings file, on its control socket.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace sallyport::cli {

// Its answer; leaves with the error. That there is nobody to ask is an environment's fault, the third exit code.
nlohmann::json ask_running(const std::string& config, const nlohmann::json& request, bool as_json);
// The same for those who can do without: nothing where nobody runs, or names a socket.
std::optional<nlohmann::json> ask_if_running(const std::string& config, const nlohmann::json& request);

}  // namespace sallyport::cli
