// What the fast engine's differential tests share: how many cases, which, and where they are written down.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport::fast {

inline constexpr int kDifferentialCases = 10'000;
// A key is asked so often, then another takes its place.
inline constexpr int kCasesOfOneKey = 2'000;

inline int differential_cases() {
  const char* wanted = std::getenv("SALLYPORT_DIFFERENTIAL");
  return wanted ? std::atoi(wanted) : kDifferentialCases;
}
inline std::uint64_t differential_seed() {
  const char* wanted = std::getenv("SALLYPORT_DIFFERENTIAL_SEED");
  return wanted ? std::strtoull(wanted, nullptr, 10) : 20251;
}

using RecordFile = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
inline RecordFile record_file() {
  const char* wanted = std::getenv("SALLYPORT_DIFFERENTIAL_RECORD");
  return {wanted ? std::fopen(wanted, "a") : nullptr, std::fclose};
}

inline std::string hex_of(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    out += two;
  }
  return out;
}
inline std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

// Kinds of cases: how many were tried, and how many of them accepted.
inline void tell(const std::map<std::string, std::pair<int, int>>& seen) {
  for (const auto& [kind, count] : seen)
    testing::Test::RecordProperty(
        kind, std::to_string(count.first) + " tried, " + std::to_string(count.second) + " accepted");
  if (std::getenv("SALLYPORT_DIFFERENTIAL"))
    for (const auto& [kind, count] : seen)
      std::printf("%8d tried, %8d accepted: %s\n", count.first, count.second, kind.c_str());
}

}  // namespace sallyport::fast
