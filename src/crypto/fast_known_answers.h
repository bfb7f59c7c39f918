// Published signatures, one good and several spoiled for each kind of key, that the fast
// engine must judge rightly on a path before anything is asked of it there.
#pragma once

#include "crypto/fast_key.h"

namespace sallyport::fast {

// std::bad_alloc where there is no memory to ask them.
bool known_answers_are_right(Path path);
// Of what OpenSSL has refused: whether it is the signature that it refuses. Without memory it refuses everything, so
// its no counts when it takes a published good one at the same time.
bool refusal_stands(const Key& key, SignatureScheme scheme, Hash hash, std::string_view input,
                    std::string_view signature) noexcept;

}  // namespace sallyport::fast
