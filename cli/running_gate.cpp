#include "cli/running_gate.h"

#include "cli/command.h"
#include "control/client.h"
#include "control/find_socket.h"

namespace sallyport::cli {

nlohmann::json ask_running(const std::string& config, const nlohmann::json& request, bool as_json) {
  const auto socket = control::find_socket(config);
  if (!socket) fail(socket.error(), kEnvironment, as_json);
  auto reply = control::ControlClient(*socket).ask(request);
  if (!reply) fail(reply.error(), as_json);
  return std::move(*reply);
}

std::optional<nlohmann::json> ask_if_running(const std::string& config, const nlohmann::json& request) {
  const auto socket = control::find_socket(config);
  if (!socket) return std::nullopt;
  auto reply = control::ControlClient(*socket, 2'000).ask(request);
  return reply ? std::optional(std::move(*reply)) : std::nullopt;
}

}  // namespace sallyport::cli
