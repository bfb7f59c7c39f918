// CompactJws: the signed string, taken apart and not yet believed (RFC 7515 section 3.1, 7.1).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/reason.h"
#include "base/result.h"
#include "codec/json.h"
#include "jose/algorithm.h"

namespace sallyport {

inline constexpr std::size_t kMaxTokenBytes = 65'535;  // what an MQTT field can hold
inline constexpr std::size_t kMaxSignatureBytes = 1024;

// Room that parsing uses, kept by the caller and used again: a warm parse allocates nothing. One a thread.
struct TokenBuffers {
  std::vector<char> header, payload, signature;
  JsonTape header_tape, payload_tape;
};

// What a field holds, told apart before anything else is done with it.
enum class TokenShape { absent, encrypted, token, something_else };
// A token is three parts between dots whose first decodes to a JSON object with alg; five parts are `encrypted`
// (when the first decodes to a JSON object). No signature is looked at.
TokenShape shape_of(std::string_view field, TokenBuffers& buffers);

class CompactJws {
 public:
  // Strict parse of header and signature; the payload stays encoded. Refuses with: not_a_token, encrypted_token,
  // malformed_token, token_too_long, unsupported_algorithm (unknown alg, "none" in any spelling, alg not text),
  // critical_header (crit, or b64 of RFC 7797), malformed_token for a kid/typ that is not text.
  // Views live as long as `token` and `buffers`.
  static Result<CompactJws, Reason> parse(std::string_view token, TokenBuffers& buffers);

  Algorithm algorithm() const noexcept { return algorithm_; }
  std::optional<std::string_view> kid() const noexcept { return kid_; }
  std::optional<std::string_view> typ() const noexcept { return typ_; }
  std::string_view token() const noexcept { return token_; }
  std::string_view signing_input() const noexcept { return token_.substr(0, signing_length_); }
  std::string_view signature() const noexcept { return signature_; }
  std::string_view encoded_payload() const noexcept { return payload_; }
  TokenBuffers& buffers() const noexcept { return *buffers_; }

  // Payload decoded and parsed into the buffers, NOT believed: for choosing an issuer's keys, for cheap refusals
  // and for `token inspect`. malformed_token where it is no strict JSON object.
  Result<JsonValue, Reason> peek_unverified_claims() const;
  JsonValue header() const noexcept { return buffers_->header_tape.root(); }

 private:
  std::string_view token_, payload_, signature_;
  std::size_t signing_length_ = 0;
  Algorithm algorithm_{};
  std::optional<std::string_view> kid_, typ_;
  TokenBuffers* buffers_ = nullptr;
};

}  // namespace sallyport
