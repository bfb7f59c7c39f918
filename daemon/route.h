// Where a request goes. A function of its path.
#pragma once

#include <string_view>

#include "daemon/contract.h"

namespace sallyport::daemon {

struct Route {
  enum class Kind : std::uint8_t { none, alive, ready, contract } kind = Kind::none;
  Contract contract{};
  std::string_view endpoint;     // "user" of "/rabbitmq/user"
  std::string_view path_secret;  // "SECRET" of "/k/SECRET/rabbitmq/user"; never to be logged
};

Route route_of(std::string_view path) noexcept;

}  // namespace sallyport::daemon
