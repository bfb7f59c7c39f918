// Published signatures, one good and several spoiled for each kind of key, that the fast
// engine must judge rightly on a path before anything is asked of it there.
#pragma once

#include "crypto/fast_path.h"

namespace sallyport::fast {

bool known_answers_are_right(Path path);

}  // namespace sallyport::fast
