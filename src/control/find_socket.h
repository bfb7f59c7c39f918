// Where the running process of a settings file answers: its [control] socket, or the daemon's [http]
// control_socket.
#pragma once

#include <string>

#include "base/result.h"

namespace sallyport::control {

// Found in files with faults, too, and in half-written ones: whoever has just broken his settings wants to ask the
// broker all the more. Absolute; kInvalid where the file names none.
Result<std::string> find_socket(const std::string& settings_file);

}  // namespace sallyport::control
