// What the broker tells of a client, as a ConnectAttempt's views. They live as long as
// the broker's own strings: for the callback.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/connect_attempt.h"
#include "brokers/mosquitto/broker_api.h"

namespace sallyport::mosquitto {

// Null is absent. Mosquitto makes an empty user name or password null itself.
inline std::optional<std::string_view> text_or_nothing(const char* text) noexcept {
  return text ? std::optional<std::string_view>(text) : std::nullopt;
}

// The password of a BASIC_AUTH event, with the NUL bytes that it holds where the broker gives its length (from 2.1.3
// on, in the event's spare room; 0 where it does not).
std::optional<std::string_view> password_of(const mosquitto_evt_basic_auth& event) noexcept;

Transport transport_of(const ::mosquitto* client) noexcept;

// SHA-256 of the TLS client certificate; empty: none. The broker's thread.
std::string certificate_thumbprint_of(const ::mosquitto* client);

// `on_broker_thread` false: a request of 2.1's HTTP api, on another thread, whose client is a stand-in.
ConnectAttempt attempt_of(const mosquitto_evt_basic_auth& event, bool on_broker_thread) noexcept;

// CONNECT with an authentication method, or AUTH. The broker thread's.
ConnectAttempt attempt_of(const mosquitto_evt_extended_auth& event) noexcept;

}  // namespace sallyport::mosquitto
