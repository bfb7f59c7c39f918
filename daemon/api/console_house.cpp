#include "daemon/api/console_house.h"

#include <algorithm>
#include <cctype>

#include "config/schema_http.h"

namespace sallyport::daemon {

ConsoleHouse::ConsoleHouse(Engine& e, ConsoleOptions o, std::unique_ptr<ConsoleStore> s, control::HandlerTable own)
    : engine(e),
      options(std::move(o)),
      store(std::move(s)),
      accounts(*store, e.clock()),
      watch(e, options.settings.broker_sockets),
      tail(e, watch),
      imports(e.clock()),
      news(*this),
      own_(std::move(own)) {
  for (const std::string& address : options.addresses) {
    hosts_.push_back(address);
    const auto parsed = parse_listen(address);
    if (!parsed) continue;
    const std::string port = std::to_string(parsed->port);
    // Whoever listens on every address is reached under loopback's too.
    if (parsed->loopback || parsed->host == "0.0.0.0" || parsed->host == "::")
      for (const char* name : {"localhost:", "127.0.0.1:", "[::1]:"}) hosts_.push_back(name + port);
  }
}

std::vector<std::pair<std::string, nlohmann::json>> ConsoleHouse::ask_everybody(
    const nlohmann::json& question, std::vector<std::pair<std::string, Error>>* unable) {
  std::vector<std::pair<std::string, nlohmann::json>> out;
  const auto take = [&](std::string name, Result<nlohmann::json> answer) {
    if (answer)
      out.emplace_back(std::move(name), std::move(*answer));
    else if (unable)
      unable->emplace_back(std::move(name), answer.error());
  };
  if (const auto verb = own_.find(question.value("verb", "")); verb != own_.end())
    take("sallyportd", verb->second(question));
  for (std::size_t i = 0; i < watch.brokers(); ++i) take(watch.broker_name(i), watch.ask_broker(i, question));
  return out;
}

bool ConsoleHouse::keeps_decisions() {
  const std::lock_guard lock(keeps_mutex_);
  const std::int64_t now = engine.clock().monotonic_ms();
  if (now - keeps_known_at_ms_ < 500) return keeps_;
  keeps_known_at_ms_ = now;
  keeps_ = false;
  for (const ShownValue& value : engine.status().settings)
    if (value.name == "audit.keep") keeps_ = value.value != "\"0s\"";
  return keeps_;
}

bool ConsoleHouse::is_ours(std::string_view host) const {
  std::string lower(host);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::find(hosts_.begin(), hosts_.end(), lower) != hosts_.end()) return true;
  // A name of the settings, behind whatever port a proxy has.
  const std::size_t colon = lower.rfind(':');
  const bool has_port = colon != std::string::npos && lower.find(']', colon) == std::string::npos &&
                        std::all_of(lower.begin() + static_cast<std::ptrdiff_t>(colon) + 1, lower.end(),
                                    [](char c) { return c >= '0' && c <= '9'; });
  const std::string name = has_port ? lower.substr(0, colon) : lower;
  const auto& names = options.settings.hosts;
  return std::find(names.begin(), names.end(), name) != names.end() ||
         std::find(names.begin(), names.end(), lower) != names.end();
}

}  // namespace sallyport::daemon
