// The ways in which the fast engine can compute, all with the same answers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sallyport::fast {

enum class Path : std::uint8_t {
  portable,  // C++ with 128-bit products
  adx,       // x86-64 with BMI2 and ADX (Broadwell, Zen)
};
std::string_view name(Path path) noexcept;

// Those that this build and this processor have, the fastest last; empty where there is no fast engine.
std::vector<Path> paths();
bool has(Path path) noexcept;

// What a check says. `none`: nothing was checked, for want of a table or of memory to work in; OpenSSL has to.
enum class Answer : std::uint8_t { none, refuse, accept };
constexpr Answer answer_of(bool good) noexcept { return good ? Answer::accept : Answer::refuse; }

}  // namespace sallyport::fast
