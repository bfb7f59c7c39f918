#include "brokers/mosquitto/broker_api.h"

// Absent in 2.0: their addresses are null there.
extern "C" {
__attribute__((weak)) int mosquitto_complete_basic_auth(const char* client_id, int result);
__attribute__((weak)) int mosquitto_plugin_set_info(mosquitto_plugin_id_t* identifier, const char* name,
                                                    const char* version);
}

namespace sallyport::mosquitto {

BrokerGeneration broker_generation() noexcept {
  return &mosquitto_complete_basic_auth != nullptr ? BrokerGeneration::v2_1 : BrokerGeneration::v2_0;
}

void introduce(mosquitto_plugin_id_t* identifier) noexcept {
  if (&mosquitto_plugin_set_info != nullptr) mosquitto_plugin_set_info(identifier, "sallyport", SALLYPORT_VERSION);
}

}  // namespace sallyport::mosquitto
