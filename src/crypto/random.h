// Bytes that nobody can guess, from the system's generator.
#pragma once

#include <cstddef>
#include <string>

namespace sallyport {

std::string random_bytes(std::size_t n);

}  // namespace sallyport
