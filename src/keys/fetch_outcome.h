// FetchOutcome: the fixed set of ways in which a fetch of keys ends. One table feeds
// log, metrics, status, `keys list` and `keys doctor`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sallyport {

enum class FetchOutcome : std::uint8_t {
#define SP_OUTCOME(name, text, mend) name,
#include "keys/fetch_outcome.def"
#undef SP_OUTCOME
};

struct OutcomeEntry {
  std::string_view name, text, mend;
};
inline constexpr OutcomeEntry kOutcomes[] = {
#define SP_OUTCOME(name, text, mend) {#name, text, mend},
#include "keys/fetch_outcome.def"
#undef SP_OUTCOME
};
inline constexpr std::size_t kOutcomeCount = sizeof kOutcomes / sizeof kOutcomes[0];

constexpr const OutcomeEntry& entry(FetchOutcome o) { return kOutcomes[static_cast<std::size_t>(o)]; }
constexpr std::string_view name(FetchOutcome o) { return entry(o).name; }
// The keys that are known are confirmed: by a new document, or by its absence of change.
constexpr bool good(FetchOutcome o) { return o == FetchOutcome::ok || o == FetchOutcome::not_modified; }

}  // namespace sallyport
