#include "engine/kept_claims.h"

#include "codec/base64url.h"
#include "rules/claim_text.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostValues = 64, kMostDepth = 4, kMostPointer = 256, kMostTyp = 128;

std::string encoded(const KeptDigest::Digest& digest) { return encode_base64url({digest.data(), digest.size()}); }

// RFC 6901 section 3.
std::string pointer_to(std::string_view parent, std::string_view name) {
  std::string out(parent);
  out += '/';
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

class Claims {
 public:
  Claims(const KeptDigest& digest, std::string& out) : digest_(digest), out_(out) {}

  void members(const JsonValue& object, std::string_view parent, std::size_t depth) {
    for (JsonValue::Cursor c = object.begin(); c.valid(); c.advance()) {
      const std::string pointer = pointer_to(parent, c.name());
      const JsonValue value = c.value();
      const std::size_t values = value.is_array() ? value.size() : 1;
      if (pointer.size() > kMostPointer || values > kMostValues - kept_ || (value.is_object() && depth == kMostDepth)) {
        cut_ = true;
        continue;
      }
      kept_ += values;
      if (!first_) out_ += ',';
      first_ = false;
      append_json_string(out_, pointer);
      out_ += ':';
      if (value.is_array())
        list(pointer, value);
      else
        append_json_string(out_, of(pointer, value));
      if (value.is_object()) members(value, pointer, depth + 1);
    }
  }
  bool cut() const noexcept { return cut_; }

 private:
  std::string of(std::string_view pointer, const JsonValue& value) const {
    const std::optional<std::string_view> text = claim_text(value);
    return text ? claim_digest(digest_, pointer, *text, value.is_string()) : std::string();
  }
  void list(std::string_view pointer, const JsonValue& array) {
    char mark = '[';
    for (JsonValue::Cursor c = array.begin(); c.valid(); c.advance(), mark = ',') {
      out_ += mark;
      append_json_string(out_, of(pointer, c.value()));
    }
    out_ += mark == '[' ? "[]" : "]";
  }

  const KeptDigest& digest_;
  std::string& out_;
  std::size_t kept_ = 0;
  bool first_ = true, cut_ = false;
};

void append_time(std::string& out, const JsonValue& claims, std::string_view name) {
  const std::optional<JsonValue> value = claims.find(name);
  const std::optional<UnixSeconds> time = value ? numeric_date(*value) : std::nullopt;
  if (!time) return;
  out += ",\"";
  out += name;
  out += "\":" + std::to_string(*time);
}

}  // namespace

std::string claim_digest(const KeptDigest& digest, std::string_view pointer, std::string_view text, bool is_string) {
  return (is_string ? "" : "~") + encoded(digest(pointer, text));
}

std::string digest_key_name(const KeptDigest& digest) { return encoded(digest("", "")); }

std::string kept_claims(const JsonValue& claims, std::optional<std::string_view> typ, const KeptDigest& digest) {
  std::string out = "{\"by\":";
  append_json_string(out, digest_key_name(digest));
  if (typ) {
    out += ",\"typ\":";
    append_json_string(out, typ->substr(0, kMostTyp));
  }
  for (const char* name : {"exp", "nbf", "iat"}) append_time(out, claims, name);
  out += ",\"claims\":{";
  Claims values(digest, out);
  values.members(claims, {}, 1);
  out += values.cut() ? "},\"cut\":true}" : "}}";
  return out;
}

}  // namespace sallyport
