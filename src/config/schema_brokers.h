// Settings of [[brokers]]: management APIs by which sallyportd ends connections.
#pragma once

#include <span>

#include "config/schema.h"

namespace sallyport {

std::span<const Setting> broker_settings();

}  // namespace sallyport
