// The three functions that a broker finds in the plugin.
#include <exception>
#include <memory>
#include <new>

#include "brokers/mosquitto/broker_api.h"
#include "brokers/mosquitto/engine_host.h"
#include "brokers/mosquitto/gate.h"
#include "brokers/mosquitto/plugin_options.h"

#define SP_ENTRY extern "C" __attribute__((visibility("default")))

SP_ENTRY int mosquitto_plugin_version(int supported_version_count, const int* supported_versions) {
  for (int i = 0; i < supported_version_count; ++i)
    if (supported_versions[i] == MOSQ_PLUGIN_VERSION) return MOSQ_PLUGIN_VERSION;
  return -1;
}

// Anything but 0 keeps the broker from starting: better than a broker without its gate.
SP_ENTRY int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** userdata, mosquitto_opt* options,
                                   int option_count) {
  using namespace sallyport;
  using namespace sallyport::mosquitto;
  *userdata = nullptr;  // 2.1 calls cleanup after a failed init, too
  try {
    const auto path = settings_path(options, option_count);
    if (!path) {
      LogBridge().write(LogLevel::error, one_line(path.error()));
      return MOSQ_ERR_INVAL;
    }
    auto host = EngineHost::acquire(*path, nullptr, OwnFiles::get());
    if (!host) return MOSQ_ERR_INVAL;
    auto gate = std::make_unique<Gate>(std::move(host), identifier);
    if (!gate->register_callbacks()) return MOSQ_ERR_INVAL;
    introduce(identifier);
    *userdata = gate.release();
    return MOSQ_ERR_SUCCESS;
  } catch (const std::bad_alloc&) {
    LogBridge().write(LogLevel::error, "the gate cannot start: there is not enough memory");
    return MOSQ_ERR_NOMEM;
  } catch (const std::exception&) {
    LogBridge().write(LogLevel::error, "the gate cannot start: internal error");
    return MOSQ_ERR_UNKNOWN;
  }
}

SP_ENTRY int mosquitto_plugin_cleanup(void* userdata, mosquitto_opt*, int) {
  delete static_cast<sallyport::mosquitto::Gate*>(userdata);
  return MOSQ_ERR_SUCCESS;
}
