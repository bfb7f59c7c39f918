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

int auth_reply(Verdict verdict, Reason reason) noexcept {
  switch (verdict) {
    case Verdict::allow:
      return MOSQ_ERR_SUCCESS;
    case Verdict::deny:
      return reason == Reason::unsupported_method ? MOSQ_ERR_NOT_SUPPORTED : MOSQ_ERR_AUTH;  // 0x8C, 0x87
    case Verdict::ignore:
      return MOSQ_ERR_PLUGIN_DEFER;  // 0x8C where nobody else speaks the method
    case Verdict::unavailable:
      return kCloseUnanswered;  // no version sends 0x88 here
  }
  return kCloseUnanswered;
}

int renewal_reply(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::allow:
      return MOSQ_ERR_SUCCESS;
    case Verdict::deny:
      return answers_refused_auth_with_connack() ? kCloseUnanswered : int{MOSQ_ERR_AUTH};
    case Verdict::ignore:
    case Verdict::unavailable:
      break;
  }
  return kCloseUnanswered;
}

}  // namespace sallyport::mosquitto
