// ConnectAttempt: what a client shows, as views. Absent is nothing, which is not
// the same as empty; whoever builds one says which (MQTT itself cannot tell an
// empty user name from none in Mosquitto's callbacks: both are absent there).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

// How the client reached whoever asks. Only plain MQTT over TCP has an address that cannot be forged by a header.
enum class Transport : std::uint8_t { unknown, mqtt_tcp, websocket, http };

struct Peer {
  std::string_view address;  // "192.0.2.7", "::1"; empty: not known
  Transport transport = Transport::unknown;
};

// 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104, as text.
bool is_loopback_address(std::string_view address) noexcept;

inline constexpr std::size_t kMaxFieldBytes = 65'535;  // MQTT's two-byte lengths

struct ConnectAttempt {
  std::optional<std::string_view> client_id, username, password;
  std::optional<std::string_view> auth_method, auth_data;  // MQTT 5 enhanced authentication
  Peer peer;
  std::string_view certificate_thumbprint;  // SHA-256 of the TLS client certificate, 32 bytes; empty: none
};

}  // namespace sallyport
