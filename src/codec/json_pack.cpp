// A tape in half its room: places and counts of a text under 64 KiB have 16 bits.
#include <cstring>

#include "codec/json.h"

namespace sallyport {
namespace {

struct PackedNode {
  std::uint8_t type, boolean;
  std::uint16_t begin, length, count, next;
};
static_assert(sizeof(PackedNode) == 10);

}  // namespace

std::size_t JsonTape::packed_size() const noexcept { return can_pack_ ? nodes_.size() * sizeof(PackedNode) : 0; }

void JsonTape::pack(char* out) const noexcept {
  if (!can_pack_) return;
  for (const JsonNode& node : nodes_) {
    const PackedNode packed{static_cast<std::uint8_t>(node.type),   node.boolean,
                            static_cast<std::uint16_t>(node.begin), static_cast<std::uint16_t>(node.length),
                            static_cast<std::uint16_t>(node.count), static_cast<std::uint16_t>(node.next)};
    std::memcpy(out, &packed, sizeof packed);
    out += sizeof packed;
  }
}

void JsonTape::unpack(const char* text, std::string_view packed) {
  nodes_.resize(packed.size() / sizeof(PackedNode));
  text_ = text;
  error_offset_ = 0;
  can_pack_ = true;
  const char* at = packed.data();
  for (JsonNode& node : nodes_) {
    PackedNode from;
    std::memcpy(&from, at, sizeof from);
    at += sizeof from;
    node.type = static_cast<JsonType>(from.type);
    node.boolean = from.boolean != 0;
    node.begin = from.begin;
    node.length = from.length;
    node.count = from.count;
    node.next = from.next;
  }
}

}  // namespace sallyport
