// Mosquitto's plugin interface as of 2.0.11, and what newer brokers add to it. Struct
// layouts and event numbers that both have are the same in both.
#pragma once

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include <cstdint>

namespace sallyport::mosquitto {

// Which broker runs us. There is no version call; what it exports tells.
enum class BrokerGeneration : std::uint8_t { v2_0, v2_1 };
BrokerGeneration broker_generation() noexcept;

// Events that 2.0 answers with "not supported", harmlessly.
inline constexpr int kEventConnect = 11;
inline constexpr int kEventClientOffline = 28;

// The common beginning of the CONNECT, DISCONNECT and CLIENT_OFFLINE events.
struct ClientEvent {
  void* future;
  struct ::mosquitto* client;
};

// Before 2.0.13 a refused AUTH of a connected client is answered with a second CONNACK. Which 2.0 it is shows in what
// its Debian builds export; where that cannot be told, yes.
bool answers_refused_auth_with_connack() noexcept;

// Takes a subscription from the client that has this id now. False: this broker cannot (2.0).
bool delete_subscription(const char* client_id, const char* filter) noexcept;

// Answers of 2.1 that become the same byte in an MQTT 5 CONNACK.
inline constexpr int kErrServerUnavailable = 136;

// Tells 2.1 our name and version; nothing in 2.0.
void introduce(mosquitto_plugin_id_t* identifier) noexcept;

}  // namespace sallyport::mosquitto
