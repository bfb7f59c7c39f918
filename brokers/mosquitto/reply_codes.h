// What the broker is told, so that the client sees the right thing. A client learns
// refused or cannot-decide, and nothing else.
#pragma once

#include "base/modes.h"
#include "base/reason.h"
#include "brokers/mosquitto/broker_api.h"

namespace sallyport::mosquitto {

// The answer to BASIC_AUTH. `protocol_version` is 3 (MQTT 3.1), 4 (3.1.1), 5, or 0 (the broker's HTTP api).
// Never PLUGIN_IGNORE (32): 2.1 reads it as "allowed", 2.0 drops the connection. Never AUTH_CONTINUE, never
// AUTH_DELAYED.
int basic_auth_reply(Verdict verdict, BrokerGeneration generation, int protocol_version) noexcept;

// The answer to EXT_AUTH_START for a CONNECT.
int auth_reply(Verdict verdict, Reason reason) noexcept;
// And for the AUTH of a connected client: yes, or an end that its version can be told.
int renewal_reply(Verdict verdict) noexcept;

// A close without CONNACK, in every generation and protocol version: the device tries again rather than gives up.
inline constexpr int kCloseUnanswered = MOSQ_ERR_UNKNOWN;

}  // namespace sallyport::mosquitto
