#include "brokers/mosquitto/reply_codes.h"

namespace sallyport::mosquitto {

int basic_auth_reply(Verdict verdict, BrokerGeneration generation, int protocol_version) noexcept {
  switch (verdict) {
    case Verdict::allow:
      return MOSQ_ERR_SUCCESS;
    case Verdict::deny:
      return MOSQ_ERR_AUTH;  // CONNACK 0x87, or 5
    case Verdict::ignore:
      return MOSQ_ERR_PLUGIN_DEFER;
    case Verdict::unavailable:
      // MQTT 3.1.1 has a code for this (3), but no answer makes any Mosquitto send it: 2.1 would send 5, "give up".
      if (generation == BrokerGeneration::v2_1 && protocol_version == 5) return kErrServerUnavailable;
      return kCloseUnanswered;
  }
  return kCloseUnanswered;
}

}  // namespace sallyport::mosquitto
