// Setters of [http] that need more than a typed read, and what no single line of it can tell.
#pragma once

#include <optional>
#include <string_view>

#include "config/settings.h"
#include "config/value_reader.h"

namespace sallyport {

// The words of contracts, as [[http.callers]] names them.
inline constexpr std::string_view kHttpContractNames[] = {"rabbitmq",  "emqx",   "emqx4", "vernemq", "nanomq", "tbmq",
                                                          "eventgrid", "iotops", "proxy", "v1",      "metrics"};

// "127.0.0.1:8080", "[::1]:8080" or "unix:/path" in its parts; nothing where it is none of them.
struct ListenAddress {
  bool is_unix = false;
  std::string_view host;  // or the socket's path
  std::uint16_t port = 0;
  bool loopback = false;
};
std::optional<ListenAddress> parse_listen(std::string_view text) noexcept;

void set_http_listen(Settings& settings, const TomlNode& node, ValueReader& reader);
void set_http_callers(Settings& settings, const TomlNode& node, ValueReader& reader);
void set_http_control_socket(Settings& settings, const TomlNode& node, ValueReader& reader);
void read_whole(const TomlNode& node, ValueReader& reader, std::int64_t& out, std::int64_t least, std::int64_t most);

// Settings of [http] that contradict each other; empty where all is well. The places are names of settings.
std::vector<Error> http_contradictions(const HttpSettings& http);

}  // namespace sallyport
