#include "brokers/mosquitto/client_facts.h"

#include <cstring>

#include "engine/client_certificate.h"

namespace sallyport::mosquitto {

std::optional<std::string_view> password_of(const mosquitto_evt_basic_auth& event) noexcept {
  if (!event.password) return std::nullopt;
  const std::size_t visible = std::strlen(event.password);
  std::uint16_t given = 0;
  std::memcpy(&given, &event.future2[0], sizeof given);
  // "token\0anything" must not pass for "token".
  return std::string_view(event.password, given > visible ? given : visible);
}

std::string certificate_thumbprint_of(const ::mosquitto* client) {
  return client_certificate_thumbprint(mosquitto_client_certificate(client));
}

Transport transport_of(const ::mosquitto* client) noexcept {
  switch (mosquitto_client_protocol(client)) {
    case mp_mqtt:
      return Transport::mqtt_tcp;
    case mp_websockets:
      return Transport::websocket;  // its address may be whatever a header said
    default:
      return Transport::unknown;  // a number of a newer broker
  }
}

ConnectAttempt attempt_of(const mosquitto_evt_basic_auth& event, bool on_broker_thread) noexcept {
  ConnectAttempt attempt;
  attempt.client_id = text_or_nothing(mosquitto_client_id(event.client));
  attempt.username = text_or_nothing(event.username);
  attempt.password = password_of(event);
  if (on_broker_thread) {
    attempt.peer.address = text_or_nothing(mosquitto_client_address(event.client)).value_or(std::string_view{});
    attempt.peer.transport = transport_of(event.client);
  }
  return attempt;
}

ConnectAttempt attempt_of(const mosquitto_evt_extended_auth& event) noexcept {
  ConnectAttempt attempt;
  attempt.client_id = text_or_nothing(mosquitto_client_id(event.client));
  attempt.username = text_or_nothing(mosquitto_client_username(event.client));
  attempt.auth_method = event.auth_method ? event.auth_method : "";
  attempt.auth_data =
      event.data_in ? std::string_view(static_cast<const char*>(event.data_in), event.data_in_len) : std::string_view{};
  attempt.peer.address = text_or_nothing(mosquitto_client_address(event.client)).value_or(std::string_view{});
  attempt.peer.transport = transport_of(event.client);
  return attempt;
}

}  // namespace sallyport::mosquitto
