// Keys that stand in public documents: whoever reads those can sign with them.
#pragma once

#include <string_view>

namespace sallyport {

// By thumbprint: public keys whose private halves are printed in RFCs and on well-known pages.
bool is_published_thumbprint(std::string_view thumbprint);

}  // namespace sallyport
