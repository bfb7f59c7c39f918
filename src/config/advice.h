// What no single line can tell: settings that contradict each other (faults), that
// leave a hole (warnings), or that could be better (advice).
#pragma once

#include <vector>

#include "config/fold.h"
#include "config/load.h"

namespace sallyport {

// Looks at settings whose every value could be read.
void look_across(const Settings& settings, const std::vector<FoldedValue>& values, std::vector<Error>& faults,
                 std::vector<Error>& warnings, std::vector<Error>& advice);

}  // namespace sallyport
