// Settings of the console and of what is kept for it, and what no single line of them can tell.
#pragma once

#include <span>
#include <vector>

#include "config/schema.h"

namespace sallyport {

std::span<const Setting> console_settings();
std::span<const Setting> audit_settings();

// Empty where all is well. The places are names of settings.
std::vector<Error> console_contradictions(const Settings& settings);

}  // namespace sallyport
