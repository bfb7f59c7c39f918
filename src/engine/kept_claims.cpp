#include "engine/kept_claims.h"

#include "codec/base64url.h"
#include "rules/claim_text.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostValues = 64, kMostDepth = 4, kMostPointer = 256, kMostTyp = 128;

std::string encoded(const KeptDigest::Digest& digest) { return encode_base64url({digest.data(), digest.size()}); }

// RFC 6901 section 3.
void append_name(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

class Claims {
 public:
  Claims(const KeptDigest& digest, std::string& out, std::string& pointer)
      : digest_(digest), out_(out), pointer_(pointer) {}

  void members(const JsonValue& object, std::size_t depth) {
    const std::size_t parent = pointer_.size();
    for (JsonValue::Cursor c = object.begin(); c.valid(); c.advance()) {
      pointer_.resize(parent);
      append_name(pointer_, c.name());
      const JsonValue value = c.value();
      const std::size_t values = value.is_array() ? value.size() : 1;
      if (pointer_.size() > kMostPointer || values > kMostValues - kept_ ||
          (value.is_object() && depth == kMostDepth)) {
        cut_ = true;
        continue;
      }
      kept_ += values;
      if (!first_) out_ += ',';
      first_ = false;
      append_json_string(out_, pointer_);
      out_ += ':';
      if (value.is_array())
        list(value);
      else
        append_json_string(out_, of(value));
      if (value.is_object()) members(value, depth + 1);
    }
    pointer_.resize(parent);
  }
  bool cut() const noexcept { return cut_; }

 private:
  std::string of(const JsonValue& value) const {
    const std::optional<std::string_view> text = claim_text(value);
    return text ? claim_digest(digest_, pointer_, *text, value.is_string()) : std::string();
  }
  void list(const JsonValue& array) {
    char mark = '[';
    for (JsonValue::Cursor c = array.begin(); c.valid(); c.advance(), mark = ',') {
      out_ += mark;
      append_json_string(out_, of(c.value()));
    }
    out_ += mark == '[' ? "[]" : "]";
  }

  const KeptDigest& digest_;
  std::string& out_;
  std::string& pointer_;  // to what is at hand
  std::size_t kept_ = 0;
  bool first_ = true, cut_ = false;
};

void append_time(std::string& out, const JsonValue& claims, std::string_view name) {
  const std::optional<JsonValue> value = claims.find(name);
  const std::optional<UnixSeconds> time = value ? numeric_date(*value) : std::nullopt;
  if (!time) return;
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(*time);
}

}  // namespace

std::string claim_digest(const KeptDigest& digest, std::string_view pointer, std::string_view text, bool is_string) {
  return (is_string ? "" : "~") + encoded(digest(pointer, text));
}

std::string digest_key_name(const KeptDigest& digest) { return encoded(digest("", "")); }

void keep_claims(const JsonValue& claims, std::optional<std::string_view> typ, const KeptDigest& digest,
                 std::string& out, std::string& pointer) {
  out += "{\"by\":";
  append_json_string(out, digest_key_name(digest));
  if (typ) {
    out += ",\"typ\":";
    append_json_string(out, typ->substr(0, kMostTyp));
  }
  for (const char* name : {"exp", "nbf", "iat"}) append_time(out, claims, name);
  out += ",\"claims\":{";
  pointer.clear();
  Claims values(digest, out, pointer);
  values.members(claims, 1);
  out += values.cut() ? "},\"cut\":true}" : "}}";
}

}  // namespace sallyport
