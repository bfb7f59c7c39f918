// A tape in half its room: places and counts of a text under 64 KiB have 16 bits.
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "codec/json.h"

namespace sallyport {
namespace {

constexpr std::size_t kPackedNode = 8, kNames = 8;

// Four halves one after the other, the first one lowest in memory.
void pack_node(const JsonNode& node, char* out) noexcept {
  const std::uint16_t halves[4] = {static_cast<std::uint16_t>(node.begin), static_cast<std::uint16_t>(node.length),
                                   static_cast<std::uint16_t>(node.next), static_cast<std::uint16_t>(node.kind)};
  std::memcpy(out, halves, sizeof halves);
}

void unpack_node(const char* from, JsonNode& node) noexcept {
  std::uint16_t halves[4];
  std::memcpy(halves, from, sizeof halves);
  node = {halves[0], halves[1], halves[2], halves[3]};
}

}  // namespace

std::size_t JsonTape::packed_size() const noexcept { return can_pack_ ? kNames + used_ * kPackedNode : 0; }

void JsonTape::pack(char* out) const noexcept {
  if (!can_pack_) return;
  std::memcpy(out, &root_names_, kNames);
  out += kNames;
  for (std::size_t i = 0; i < used_; ++i) pack_node(nodes_[i], out + i * kPackedNode);
}

void JsonTape::unpack(const char* text, std::string_view packed) {
  text_ = text;
  error_offset_ = 0;
  can_pack_ = true;
  used_ = packed.size() < kNames ? 0 : (packed.size() - kNames) / kPackedNode;
  if (used_ == 0) return;
  if (nodes_.size() < used_) nodes_.resize(used_);
  const char* at = packed.data();
  std::memcpy(&root_names_, at, kNames);
  at += kNames;
  std::size_t i = 0;
#ifdef __SSE2__
  static_assert(sizeof(JsonNode) == 16 && std::endian::native == std::endian::little);
  for (; i + 2 <= used_; i += 2, at += 2 * kPackedNode) {
    const __m128i two = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto* const to = reinterpret_cast<__m128i*>(&nodes_[i]);
    _mm_storeu_si128(to, _mm_unpacklo_epi16(two, _mm_setzero_si128()));
    _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(two, _mm_setzero_si128()));
  }
#endif
  for (; i < used_; ++i, at += kPackedNode) unpack_node(at, nodes_[i]);
}

}  // namespace sallyport
