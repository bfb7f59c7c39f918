// Looking keys up among 1 to 10,000, as a decision does it: by kid, by a kid that nobody has, and by alg alone.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "keys/key_ring.h"

namespace sallyport {
namespace {

// A key as far as looking it up goes; made keys of 10,000 would take the bench a minute to generate.
class NamedKey final : public VerificationKey {
 public:
  explicit NamedKey(std::string kid) {
    kind_ = KeyKind::p256;
    algorithms_ = bit(Algorithm::ES256);
    origin_ = KeyOrigin::jwks;
    kid_ = std::move(kid);
  }
  bool verify(Algorithm, std::string_view, std::string_view) const noexcept override { return false; }
};

std::unique_ptr<KeyRing> ring_of(std::int64_t count) {
  std::vector<KeyPtr> keys;
  for (std::int64_t i = 0; i < count; ++i)
    keys.push_back(std::make_shared<const NamedKey>("key-of-the-provider-" + std::to_string(i)));
  return std::make_unique<KeyRing>(std::move(keys), 1);
}

void look_up(benchmark::State& state, const std::string& kid) {
  const auto ring = ring_of(state.range(0));
  KeyRing::Candidates out;
  for (auto _ : state) benchmark::DoNotOptimize(ring->candidates(Algorithm::ES256, kid, out));
}

void BM_KeyByKid(benchmark::State& state) {
  look_up(state, "key-of-the-provider-" + std::to_string(state.range(0) / 2));
}
void BM_KeyByUnknownKid(benchmark::State& state) { look_up(state, "made-up"); }
void BM_KeysByAlgorithm(benchmark::State& state) {
  const auto ring = ring_of(state.range(0));
  KeyRing::Candidates out;
  for (auto _ : state) benchmark::DoNotOptimize(ring->candidates(Algorithm::ES256, std::nullopt, out));
}

BENCHMARK(BM_KeyByKid)->Arg(1)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(BM_KeyByUnknownKid)->Arg(1)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(BM_KeysByAlgorithm)->Arg(1)->Arg(10)->Arg(1'000)->Arg(10'000);

}  // namespace
}  // namespace sallyport
