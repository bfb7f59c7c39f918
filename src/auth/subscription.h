// For edges that are asked about a message on its way out, and know what its receiver subscribed to.
#pragma once

#include <string_view>

namespace sallyport {

// Whether a subscription, "$share/…" or not, brings messages of this topic. Both are well-formed.
bool brings(std::string_view subscription, std::string_view topic) noexcept;

}  // namespace sallyport
