#include "brokers/mosquitto/broker_api.h"

// Absent in 2.0: their addresses are null there.
extern "C" {
__attribute__((weak)) int mosquitto_complete_basic_auth(const char* client_id, int result);
__attribute__((weak)) int mosquitto_plugin_set_info(mosquitto_plugin_id_t* identifier, const char* name,
                                                    const char* version);
__attribute__((weak)) int mosquitto_subscription_delete(const char* client_id, const char* filter);
// In 2.0.11's exports, not in 2.0.21's.
__attribute__((weak)) const char* mosquitto_strerror(int mosq_errno);
}

namespace sallyport::mosquitto {

BrokerGeneration broker_generation() noexcept {
  return &mosquitto_complete_basic_auth != nullptr ? BrokerGeneration::v2_1 : BrokerGeneration::v2_0;
}

bool answers_refused_auth_with_connack() noexcept {
  return broker_generation() == BrokerGeneration::v2_0 && &mosquitto_strerror != nullptr;
}

bool delete_subscription(const char* client_id, const char* filter) noexcept {
  if (&mosquitto_subscription_delete == nullptr) return false;
  return mosquitto_subscription_delete(client_id, filter) == MOSQ_ERR_SUCCESS;
}

void introduce(mosquitto_plugin_id_t* identifier) noexcept {
  if (&mosquitto_plugin_set_info != nullptr) mosquitto_plugin_set_info(identifier, "sallyport", SALLYPORT_VERSION);
}

}  // namespace sallyport::mosquitto
