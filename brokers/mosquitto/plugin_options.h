// The plugin's lines of mosquitto.conf: plugin_opt_config PATH, and nothing else.
#pragma once

#include <string>

#include "base/result.h"
#include "brokers/mosquitto/broker_api.h"

namespace sallyport::mosquitto {

// The settings file, absolute and free of links, so that two listeners that name one file share one engine.
Result<std::string> settings_path(const ::mosquitto_opt* options, int count);

}  // namespace sallyport::mosquitto
