// systemd's notifications, spoken by hand: datagrams to the socket that NOTIFY_SOCKET names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::daemon {

// Does nothing where there is no such socket.
void notify_service_manager(std::string_view state) noexcept;
// How often WATCHDOG=1 is expected, in ms; nothing where nobody watches this process.
std::optional<std::int64_t> watchdog_period_ms() noexcept;

}  // namespace sallyport::daemon
