#include "brokers/mosquitto/engine_host.h"

#include <pthread.h>
#include <signal.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/signals_blocked.h"
#include "brokers/mosquitto/broker_api.h"
#include "control/handlers.h"

namespace sallyport::mosquitto {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<EngineHost>> hosts;
};
Registry& registry() {
  static Registry the_one;
  return the_one;
}

std::string broker_name() {
  switch (broker_generation()) {
    case BrokerGeneration::v2_0:
      return "mosquitto 2.0";
    case BrokerGeneration::v2_1:
      return "mosquitto 2.1 or newer";
  }
  return "mosquitto";
}

}  // namespace

std::string one_line(const Error& error) {
  std::string out = error.place.empty() ? error.cause : error.place + ": " + error.cause;
  if (!error.hint.empty()) out += "; hint: " + error.hint;
  return out;
}

std::shared_ptr<EngineHost> EngineHost::acquire(const std::string& settings_file, const Clock* clock,
                                                std::shared_ptr<OwnFiles> files) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (auto there = all.hosts[settings_file].lock()) return there;

  std::shared_ptr<EngineHost> host(new EngineHost);
  host->files_ = std::move(files);
  bool open = false;
  host->among_files([&] { open = host->open(settings_file, clock); });
  host->log_.drain();
  if (!open) return nullptr;
  all.hosts[settings_file] = host;
  return host;
}

void EngineHost::among_files(const std::function<void()>& work) {
  if (files_) return files_->run(work);
  work();
}

bool EngineHost::open(const std::string& settings_file, const Clock* clock) {
  const SignalsBlocked blocked;
  EngineOptions options;
  options.config_path = settings_file;
  options.hears_of_ends = true;
  options.clock = clock;
  if (clock) quick_clock_ = clock;
  options.process = "mosquitto";
  options.log = [this](LogLevel level, std::string_view line) { log_.write(level, line); };
  auto engine = Engine::open(std::move(options));
  if (!engine) {
    for (const Error& fault : engine.error().faults) log_.write(LogLevel::error, one_line(fault));
    log_.write(LogLevel::error,
               "the settings do not load, so the broker must not start; hint: sallyport config check " + settings_file);
    return false;
  }
  engine_ = std::move(*engine);
  if (const Result<void> started = engine_->start(); !started) {
    log_.write(LogLevel::error, "the gate cannot start: " + one_line(started.error()));
    return false;
  }
  open_control_socket();
  return true;
}

void EngineHost::open_control_socket() {
  const std::string& path = engine_->control_socket();
  if (path.empty()) return;
  control::ServerOptions options;
  options.path = path;
  options.handlers = control::engine_handlers(*engine_, [this] {
    const auto count = [this](Standing s) {
      return std::to_string(clients_[static_cast<std::size_t>(s)].load(std::memory_order_relaxed));
    };
    return control::HostFacts{{"broker", broker_name()},
                              {"admitted", count(Standing::admitted)},
                              {"handed_on", count(Standing::handed_on)},
                              {"not_ours", count(Standing::not_ours)}};
  });
  options.handlers["sessions"] = [this](const nlohmann::json& request) { return board_.list(request); };
  options.handlers["session_ends"] = [this](const nlohmann::json& request) { return board_.ends(request); };
  options.handlers["session_keys"] = [this](const nlohmann::json& request) { return board_.by_key(request); };
  control::add_session_verbs(options.handlers,
                             [this](const control::SessionOrder& order) { return orders_.give(order); });
  auto server = control::Server::start(std::move(options));
  // The gate decides without it: an operator who cannot ask is no reason to keep every client out.
  if (!server) return engine_->log(LogLevel::error, "no control socket: " + one_line(server.error()));
  control_ = std::move(*server);
}

EngineHost::~EngineHost() {
  among_files([this] {
    control_.reset();
    engine_.reset();
  });
  log_.drain();
}

}  // namespace sallyport::mosquitto
