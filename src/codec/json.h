// Strict JSON for untrusted bytes (RFC 8259): valid UTF-8, no duplicate names, no
// text after the value, no lone surrogates, caps on size, depth and members. The
// text is parsed where it lies: escapes are resolved in place, values are views.
//
// One parse makes a JsonTape: a flat list of nodes, kept and used again by its
// owner, so that a warm parse allocates nothing. A JsonValue is a cursor into the
// tape and lives as long as the tape's last parse and the text that it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sallyport {

enum class JsonType : std::uint8_t { null, boolean, number, string, array, object };

struct JsonLimits {
  std::size_t max_bytes = 64 * 1024;
  std::size_t max_depth = 16;
  std::size_t max_nodes = 16 * 1024;  // names count as nodes
  // Only for envelopes whose inner documents are parsed again, strictly (`jws verify --batch`); find() then gives the
  // first.
  bool allow_duplicate_names = false;
};

// Four numbers of one size, which a tape that is kept has in half the bits each (json_pack.cpp).
struct JsonNode {
  std::uint32_t begin = 0;  // text of a string (unescaped) or number
  std::uint32_t length = 0;
  std::uint32_t next = 0;  // index of the node after this one and all that it holds
  std::uint32_t kind = 0;  // its type, a boolean's value, and the members or elements that it holds

  static constexpr std::uint32_t kTrue = 8, kOneMember = 16, kMaxNodes = 1u << 28;
  JsonType type() const noexcept { return static_cast<JsonType>(kind & 7); }
  bool is_true() const noexcept { return (kind & kTrue) != 0; }
  std::uint32_t count() const noexcept { return kind / kOneMember; }
};

class JsonTape;

class JsonValue {
 public:
  JsonValue() = default;  // null
  JsonType type() const noexcept;
  bool is_null() const noexcept { return type() == JsonType::null; }
  bool is_string() const noexcept { return type() == JsonType::string; }
  bool is_number() const noexcept { return type() == JsonType::number; }
  bool is_object() const noexcept { return type() == JsonType::object; }
  bool is_array() const noexcept { return type() == JsonType::array; }

  std::optional<std::string_view> string() const noexcept;  // a string's text, else nothing
  std::optional<bool> boolean() const noexcept;
  std::string_view text()
      const noexcept;  // a string's or number's text as it stands; "true", "false", "null"; else empty
  // A number without fraction and exponent that fits: 7, -7; not 7.0, not 1e3.
  std::optional<std::int64_t> integer() const noexcept;
  std::size_t size() const noexcept;  // members or elements; 0 for others

  // Members by name as it stands (no dots, no pointers); nothing where this is no object.
  std::optional<JsonValue> find(std::string_view name) const noexcept;
  // RFC 6901: "" is this value, "/a/0/b" walks; ~0 and ~1 are resolved; array indexes as RFC 6901 section 4.
  std::optional<JsonValue> at_pointer(std::string_view pointer) const noexcept;

  // for (JsonValue::Cursor c = v.begin(); c.valid(); c.advance()) c.name(), c.value()
  class Cursor;
  Cursor begin() const noexcept;

 private:
  friend class JsonTape;
  JsonValue(const JsonTape* tape, std::uint32_t index) : tape_(tape), index_(index) {}
  std::optional<JsonValue> find_among(std::string_view name) const noexcept;
  const JsonTape* tape_ = nullptr;
  std::uint32_t index_ = 0;
};

class JsonValue::Cursor {
 public:
  bool valid() const noexcept { return left_ > 0; }
  void advance() noexcept;
  std::string_view name() const noexcept;  // of a member; empty in arrays
  JsonValue value() const noexcept;

 private:
  friend class JsonValue;
  const JsonTape* tape_ = nullptr;
  std::uint32_t index_ = 0, left_ = 0;
  bool object_ = false;
};

enum class JsonError : std::uint8_t {
  none,
  syntax,
  bad_utf8,
  duplicate_name,
  too_long,
  too_deep,
  too_many,
  trailing_text
};
std::string_view to_text(JsonError e);

class JsonTape {
 public:
  // Parses `text` in place (it is written to: escapes). On error the tape is empty
  // and error_offset() tells the byte. The text must outlive the values.
  JsonError parse(char* text, std::size_t length, const JsonLimits& limits = {});
  JsonValue root() const noexcept { return JsonValue(this, 0); }
  std::size_t error_offset() const noexcept { return error_offset_; }

  // What the last parse found, in little room, for whoever keeps it beside the very same bytes and meets them again.
  // 0: it cannot be kept (an escape changed the text, or it is longer than the places have bits).
  std::size_t packed_size() const noexcept;
  void pack(char* out) const noexcept;  // packed_size() bytes
  // As after parse(text): `packed` was made of a text that was the same, byte for byte.
  void unpack(const char* text, std::string_view packed);

 private:
  friend class JsonValue;
  friend class JsonValue::Cursor;
  // A bit of 64 for a name: the root's members have theirs set, so that most names that are not there cost no walk.
  static constexpr std::uint64_t name_bit(std::string_view name) noexcept {
    if (name.empty()) return 1;
    const auto byte = [](char c) { return static_cast<unsigned>(static_cast<unsigned char>(c)); };
    return std::uint64_t{1} << ((byte(name.front()) * 4 + byte(name.back()) * 7 + name.size()) & 63);
  }

  friend class JsonParser;
  std::vector<JsonNode> nodes_;  // room that only grows; the first used_ of them are the tape
  std::size_t used_ = 0;
  std::vector<std::uint32_t> scratch_;
  const char* text_ = nullptr;
  std::uint64_t root_names_ = 0;
  std::size_t error_offset_ = 0;
  bool can_pack_ = false;
};

// What every claim of every token goes through is inline.
inline JsonType JsonValue::type() const noexcept {
  return tape_ && index_ < tape_->used_ ? tape_->nodes_[index_].type() : JsonType::null;
}

inline std::optional<std::string_view> JsonValue::string() const noexcept {
  if (!is_string()) return std::nullopt;
  return text();
}

inline std::string_view JsonValue::text() const noexcept {
  switch (type()) {
    case JsonType::null:
      return "null";
    case JsonType::boolean:
      return tape_->nodes_[index_].is_true() ? "true" : "false";
    case JsonType::number:
    case JsonType::string:
      return {tape_->text_ + tape_->nodes_[index_].begin, tape_->nodes_[index_].length};
    case JsonType::array:
    case JsonType::object:
      return {};
  }
  return {};
}

inline std::optional<JsonValue> JsonValue::find(std::string_view name) const noexcept {
  if (!is_object()) return std::nullopt;
  if (index_ == 0 && !(tape_->root_names_ & JsonTape::name_bit(name))) return std::nullopt;
  return find_among(name);
}

inline std::optional<JsonValue> JsonValue::find_among(std::string_view name) const noexcept {
  // The first character tells most names apart without a call.
  for (Cursor c = begin(); c.valid(); c.advance()) {
    const std::string_view at = c.name();
    if (at.size() == name.size() && (at.empty() || (at[0] == name[0] && at == name))) return c.value();
  }
  return std::nullopt;
}

inline JsonValue::Cursor JsonValue::begin() const noexcept {
  Cursor c;
  if (!is_array() && !is_object()) return c;
  c.tape_ = tape_;
  c.index_ = index_ + 1;
  c.left_ = tape_->nodes_[index_].count();
  c.object_ = is_object();
  return c;
}

inline void JsonValue::Cursor::advance() noexcept {
  if (left_ == 0) return;
  --left_;
  index_ = tape_->nodes_[object_ ? index_ + 1 : index_].next;
}

inline std::string_view JsonValue::Cursor::name() const noexcept {
  if (left_ == 0 || !object_) return {};
  const JsonNode& node = tape_->nodes_[index_];
  return {tape_->text_ + node.begin, node.length};
}

inline JsonValue JsonValue::Cursor::value() const noexcept {
  if (left_ == 0) return {};
  return JsonValue(tape_, object_ ? index_ + 1 : index_);
}

// RFC 7519 NumericDate, taken exactly (never through a double) and rounded up to
// whole seconds, which keeps `exp <= now` and `nbf > now` true to the fraction for a
// whole `now`. A JSON number, with fraction or exponent or without, or a string of
// decimal digits. Negative numbers are times long ago. Beyond +-(2^63-1), or anything
// else: nothing.
std::optional<UnixSeconds> numeric_date(const JsonValue& value) noexcept;

// `text` as a JSON string with its quotes, for output.
void append_json_string(std::string& out, std::string_view text);
// A value written out again: numbers as they stood, no white space.
void append_json_value(std::string& out, const JsonValue& value);

}  // namespace sallyport
