// [[jwt.issuers]]: several issuers beside each other, each with keys and rules of its own.
#pragma once

#include <span>

#include "config/schema.h"

namespace sallyport {

std::span<const Setting> issuer_settings();

}  // namespace sallyport
