// CompactJws: the signed string, taken apart and not yet believed (RFC 7515 section 3.1, 7.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reason.h"
#include "base/result.h"
#include "codec/json.h"
#include "jose/algorithm.h"

namespace sallyport {

inline constexpr std::size_t kMaxTokenBytes = 65'535;  // what an MQTT field can hold
inline constexpr std::size_t kMaxSignatureBytes = 1024;
inline constexpr std::size_t kMaxHeaderBytes = 8 * 1024;  // decoded

// What a header says of how its token is to be read; views into the buffers that it was read into.
struct HeaderFacts {
  bool is_object = false, has_alg = false;
  bool malformed = false;  // a kid or a typ that is none
  bool critical = false;   // crit, or b64
  std::optional<Algorithm> algorithm;
  std::optional<std::string_view> kid, typ;
};

// Room that parsing uses, kept by the caller and used again: a warm parse allocates nothing. One a thread.
struct TokenBuffers {
  std::vector<char> header, payload, signature;
  JsonTape header_tape, payload_tape;

  // What the payload's room holds now, and of which parse: the claims of one token are never
  // handed out under the signature of another that was parsed into the same buffers.
  enum class Payload { nothing, decoded, parsed, refused };
  Payload payload_state = Payload::nothing;
  std::size_t payload_length = 0;
  std::uint64_t parse_number = 0;

  // The encoded header that header_tape was read from; empty: of none. A fleet's tokens have one and the same.
  std::string header_text;
  HeaderFacts header_facts;  // of that header
};

// What a field holds, told apart before anything else is done with it.
enum class TokenShape { absent, encrypted, token, something_else };
// A token is three parts between dots whose first decodes to a JSON object with alg; five parts are `encrypted`
// (when the first decodes to a JSON object). A first part that is damaged but plainly was such a header (padded,
// re-encoded, cut off after its alg) makes a token too, which parse() then calls malformed: damage never turns a
// refused token into somebody else's credential. No signature is looked at.
TokenShape shape_of(std::string_view field, TokenBuffers& buffers);

// The same, with what was found on the way, so that parse() need not find it again.
struct LookedAt {
  enum class Header : std::uint8_t { sound, damaged, foreign };
  TokenShape shape = TokenShape::absent;
  Header header = Header::foreign;  // read into the buffers where it is sound
  std::string_view field;
  std::size_t first_dot = 0, last_dot = 0;
  std::uint64_t parse_number = 0;  // of the buffers, while they hold this header
};
LookedAt look_at(std::string_view field, TokenBuffers& buffers);

class CompactJws {
 public:
  // Strict parse of header and signature; the payload must be strict base64url and is not read further. Refuses with:
  // not_a_token, encrypted_token, malformed_token (also a kid that is not text or longer than 1024 bytes, a typ that is
  // not text), token_too_long, critical_header (crit, or b64 of RFC 7797), unsupported_algorithm (unknown alg, "none"
  // in any spelling, alg not text). Of the header's members only alg, kid, typ, crit and b64 are looked at: a key that
  // a token brings along (jwk, jku, x5c, x5u) is never used.
  // Views live as long as `token` and `buffers`.
  static Result<CompactJws, Reason> parse(std::string_view token, TokenBuffers& buffers);
  static Result<CompactJws, Reason> parse(const LookedAt& seen, TokenBuffers& buffers);

  Algorithm algorithm() const noexcept { return algorithm_; }
  std::optional<std::string_view> kid() const noexcept { return kid_; }
  std::optional<std::string_view> typ() const noexcept { return typ_; }
  std::string_view token() const noexcept { return token_; }
  std::string_view signing_input() const noexcept { return token_.substr(0, signing_length_); }
  std::string_view signature() const noexcept { return signature_; }
  std::string_view encoded_payload() const noexcept { return payload_; }
  TokenBuffers& buffers() const noexcept { return *buffers_; }

  // Payload decoded and parsed into the buffers, NOT believed: for choosing an issuer's keys, for cheap refusals
  // and for `token inspect`. malformed_token where it is no strict JSON object. Parsed once, however often asked.
  Result<JsonValue, Reason> peek_unverified_claims() const;
  // The parse of the payload, where it was good: for whoever keeps it beside the token's bytes.
  const JsonTape* parsed_claims() const noexcept;
  // What parsed_claims() packed for a token of the very same bytes: spares the parse.
  void adopt_parse(std::string_view packed) const;
  JsonValue header() const noexcept { return buffers_->header_tape.root(); }

 private:
  std::string_view token_, payload_, signature_;
  std::size_t signing_length_ = 0;
  std::uint64_t parse_number_ = 0;
  Algorithm algorithm_{};
  std::optional<std::string_view> kid_, typ_;
  TokenBuffers* buffers_ = nullptr;
};

}  // namespace sallyport
