#include "jose/compact_jws.h"

#include <algorithm>
#include <cstring>

#include "codec/base64url.h"
#include "jose/jwk.h"

namespace sallyport {
namespace {

constexpr JsonLimits kHeaderLimits{.max_bytes = kMaxHeaderBytes, .max_depth = 16, .max_nodes = 1024};
constexpr JsonLimits kPayloadLimits{.max_bytes = kMaxTokenBytes, .max_depth = 16, .max_nodes = 16 * 1024};

// Buffers only grow, so that a warm decode neither allocates nor clears.
std::optional<std::size_t> decode_into(std::vector<char>& room, std::string_view text) {
  const std::size_t need = base64url_decoded_size(text.size());
  if (room.size() < need) room.resize(std::max<std::size_t>(need, 512));
  return decode_base64url(text, std::span<char>(room.data(), room.size()));
}

// The parts between dots: how many, and where the first and the last dot are.
struct Dots {
  std::size_t count = 0, first = 0, last = 0;
};
Dots find_dots(std::string_view token) {
  Dots dots;
  const char* const begin = token.data();
  const char* const end = begin + token.size();
  for (const char* at = begin;
       at != end &&
       (at = static_cast<const char*>(std::memchr(at, '.', static_cast<std::size_t>(end - at)))) != nullptr;
       ++at) {
    const auto place = static_cast<std::size_t>(at - begin);
    if (dots.count++ == 0) dots.first = place;
    dots.last = place;
    if (dots.count > 4) break;  // six parts are nothing that we know
  }
  return dots;
}

using Header = LookedAt::Header;

// Whether a header that is not strict was one nevertheless: read as a careless decoder would read it.
bool was_a_header(std::string_view encoded, bool wants_alg) {
  char bytes[384];
  std::size_t n = 0;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : encoded.substr(0, 512)) {
    std::uint32_t six = 0;
    if (c >= 'A' && c <= 'Z')
      six = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      six = static_cast<std::uint32_t>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      six = static_cast<std::uint32_t>(c - '0') + 52;
    else if (c == '-' || c == '+')
      six = 62;
    else if (c == '_' || c == '/')
      six = 63;
    else
      continue;
    group = group << 6 | six;
    bits += 6;
    if (bits >= 8 && n < sizeof bytes) {
      bits -= 8;
      bytes[n++] = static_cast<char>(group >> bits);
    }
  }
  const std::string_view text(bytes, n);
  const std::size_t start = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (start == std::string_view::npos || text[start] != '{') return false;
  return !wants_alg || text.find("\"alg\"") != std::string_view::npos;
}

HeaderFacts facts_of(const JsonValue& header) {
  HeaderFacts facts;
  facts.is_object = header.is_object();
  for (auto c = header.begin(); facts.is_object && c.valid(); c.advance()) {
    const std::string_view name = c.name();
    if (name == "alg") {
      facts.has_alg = true;
      if (const auto text = c.value().string()) facts.algorithm = algorithm_from_name(*text);
    } else if (name == "kid") {
      facts.kid = c.value().string();
      facts.malformed |= !facts.kid || facts.kid->size() > kMaxKidBytes;
    } else if (name == "typ") {
      facts.typ = c.value().string();
      facts.malformed |= !facts.typ;
    } else if (name == "crit" || name == "b64") {
      // RFC 7515 4.1.11: unknown crit means reject, even when the signature is good; RFC 7797 6: b64 comes
      // with crit, and a payload that is read in two ways is two payloads.
      facts.critical = true;
    }
  }
  return facts;
}

Header read_header(std::string_view encoded, bool wants_alg, TokenBuffers& buffers) {
  const bool fits = encoded.size() <= kMaxHeaderBytes / 3 * 4 + 4;
  if (buffers.header_text.empty() || encoded != buffers.header_text) {
    buffers.header_text.clear();  // until the tape is this header's
    const auto n = fits ? decode_into(buffers.header, encoded) : std::nullopt;
    if (n && buffers.header_tape.parse(buffers.header.data(), *n, kHeaderLimits) == JsonError::none) {
      buffers.header_text = encoded;
      buffers.header_facts = facts_of(buffers.header_tape.root());
    }
  }
  if (!buffers.header_text.empty()) {
    const HeaderFacts& facts = buffers.header_facts;
    return facts.is_object && (!wants_alg || facts.has_alg) ? Header::sound : Header::foreign;
  }
  return was_a_header(encoded, wants_alg) ? Header::damaged : Header::foreign;
}

bool decode_payload(std::string_view encoded, TokenBuffers& buffers) {
  const auto n = decode_into(buffers.payload, encoded);
  buffers.payload_state = n ? TokenBuffers::Payload::decoded : TokenBuffers::Payload::nothing;
  buffers.payload_length = n.value_or(0);
  return n.has_value();
}

}  // namespace

LookedAt look_at(std::string_view field, TokenBuffers& buffers) {
  LookedAt seen;
  seen.field = field;
  buffers.payload_state = TokenBuffers::Payload::nothing;
  seen.parse_number = ++buffers.parse_number;
  if (field.empty()) return seen;
  seen.shape = TokenShape::something_else;
  const Dots dots = find_dots(field);
  // Exactly three parts, counted: a splitter that skips empty parts reads a..b.c as three.
  if (dots.count != 2 && dots.count != 4) return seen;
  const bool token = dots.count == 2;
  seen.first_dot = dots.first;
  seen.last_dot = dots.last;
  seen.header = read_header(field.substr(0, dots.first), token, buffers);
  if (seen.header != Header::foreign) seen.shape = token ? TokenShape::token : TokenShape::encrypted;
  return seen;
}

TokenShape shape_of(std::string_view field, TokenBuffers& buffers) { return look_at(field, buffers).shape; }

Result<CompactJws, Reason> CompactJws::parse(std::string_view token, TokenBuffers& buffers) {
  if (token.size() > kMaxTokenBytes) return unexpected(Reason::token_too_long);
  return parse(look_at(token, buffers), buffers);
}

Result<CompactJws, Reason> CompactJws::parse(const LookedAt& seen, TokenBuffers& buffers) {
  // One result that is filled where it is handed out: what is made beside it is copied, which is a part of a parse.
  Result<CompactJws, Reason> parsed{CompactJws()};
  CompactJws& jws = *parsed;
  const std::string_view token = seen.field;
  const HeaderFacts& facts = buffers.header_facts;
  std::optional<Reason> bad;
  if (token.size() > kMaxTokenBytes) {
    bad = Reason::token_too_long;
  } else if (seen.parse_number != buffers.parse_number) {
    // The buffers hold another token's header by now: look again.
    parsed = parse(look_at(token, buffers), buffers);
    return parsed;
  } else if (seen.shape == TokenShape::encrypted) {
    bad = Reason::encrypted_token;
  } else if (seen.shape != TokenShape::token) {
    bad = Reason::not_a_token;
  } else if (seen.header != Header::sound || facts.malformed) {
    bad = Reason::malformed_token;
  } else {
    jws.token_ = token;
    jws.buffers_ = &buffers;
    jws.parse_number_ = buffers.parse_number;
    jws.signing_length_ = seen.last_dot;
    jws.payload_ = token.substr(seen.first_dot + 1, seen.last_dot - seen.first_dot - 1);
    jws.kid_ = facts.kid;
    jws.typ_ = facts.typ;
    const std::string_view signature = token.substr(seen.last_dot + 1);
    const bool fits = base64url_decoded_size(signature.size()) <= kMaxSignatureBytes;
    const auto n = fits ? decode_into(buffers.signature, signature) : std::nullopt;
    if (!n || !decode_payload(jws.payload_, buffers)) {
      bad = Reason::malformed_token;
    } else if (facts.critical) {
      bad = Reason::critical_header;
    } else if (!facts.algorithm) {
      bad = Reason::unsupported_algorithm;
    } else {
      jws.signature_ = {buffers.signature.data(), *n};
      jws.algorithm_ = *facts.algorithm;
    }
  }
  if (bad) parsed = unexpected(*bad);
  return parsed;
}

Result<JsonValue, Reason> CompactJws::peek_unverified_claims() const {
  TokenBuffers& room = *buffers_;
  if (room.parse_number != parse_number_) {
    // The buffers went on to another token: its payload is not ours.
    room.parse_number = parse_number_;
    if (!decode_payload(payload_, room)) return unexpected(Reason::malformed_token);
  }
  if (room.payload_state == TokenBuffers::Payload::decoded) {
    const bool good =
        room.payload_tape.parse(room.payload.data(), room.payload_length, kPayloadLimits) == JsonError::none &&
        room.payload_tape.root().is_object();
    room.payload_state = good ? TokenBuffers::Payload::parsed : TokenBuffers::Payload::refused;
  }
  if (room.payload_state != TokenBuffers::Payload::parsed) return unexpected(Reason::malformed_token);
  return room.payload_tape.root();
}

const JsonTape* CompactJws::parsed_claims() const noexcept {
  const TokenBuffers& room = *buffers_;
  const bool ours = room.parse_number == parse_number_ && room.payload_state == TokenBuffers::Payload::parsed;
  return ours ? &room.payload_tape : nullptr;
}

void CompactJws::adopt_parse(std::string_view packed) const {
  TokenBuffers& room = *buffers_;
  if (room.parse_number != parse_number_ || room.payload_state != TokenBuffers::Payload::decoded) return;
  room.payload_tape.unpack(room.payload.data(), packed);
  room.payload_state = TokenBuffers::Payload::parsed;
}

}  // namespace sallyport
