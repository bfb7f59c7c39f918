// Who is in doubt once the fast engine gave a wrong answer (Engine::fast_engine_was_wrong).
#pragma once

#include "auth/decision.h"

namespace sallyport {

// Whether the fast engine may have judged the token of this decision, now or when it was remembered.
bool fast_engine_may_have_judged(const Decision& decision) noexcept;

}  // namespace sallyport
