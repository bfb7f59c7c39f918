// A token as a stranger shows it, against a slow, obvious reader. Half of the inputs are the token itself; the others
// are a header and a payload in JSON, encoded here, so that the fuzzer gets past the alphabet.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "codec/base64url.h"
#include "jose/compact_jws.h"
#include "jose/verify.h"
#include "promise.h"

namespace sallyport {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts{{}};
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '.') continue;
    parts.back() = text.substr(begin, i - begin);
    if (i < text.size()) parts.emplace_back();
    begin = i + 1;
  }
  return parts;
}

std::optional<nlohmann::json> object_of(std::string_view encoded) {
  const auto bytes = decode_base64url(encoded);
  if (!bytes) return std::nullopt;
  nlohmann::json value = nlohmann::json::parse(*bytes, nullptr, false);
  return value.is_object() ? std::optional(std::move(value)) : std::nullopt;
}

KeyPtr secret() {
  static const KeyPtr key = make_secret_key("a secret that no input of a fuzzer signs with", {}).value();
  return key;
}

void look(std::string_view token) {
  static TokenBuffers buffers;  // warm, as a broker's are
  TokenBuffers cold;
  const TokenShape shape = shape_of(token, cold);
  const auto jws = CompactJws::parse(token, buffers);
  const auto parts = split(token);
  promise((shape == TokenShape::absent) == token.empty(), "nothing is absent, and only nothing");
  if (shape == TokenShape::token) promise(parts.size() == 3, "a token has three parts");
  if (shape == TokenShape::encrypted) promise(parts.size() == 5, "an encrypted one has five");
  if (token.size() <= kMaxTokenBytes)
    promise((shape == TokenShape::token) ==
                (jws.has_value() || (jws.error() != Reason::not_a_token && jws.error() != Reason::encrypted_token)),
            "what is a token is refused as a token");
  if (!jws) return;
  promise(parts.size() == 3, "what parses has three parts");
  const auto header = object_of(parts[0]);
  promise(header.has_value(), "what parses has a header that others read");
  promise(header->contains("alg") && header->at("alg") == std::string(name(jws->algorithm())), "alg is what it says");
  promise(!header->contains("crit") && !header->contains("b64"), "nothing critical is passed over");
  promise(header->contains("kid") == jws->kid().has_value(), "a kid is there for both");
  if (jws->kid()) promise(header->at("kid") == std::string(*jws->kid()), "the kid is the same for both");
  if (jws->typ()) promise(header->at("typ") == std::string(*jws->typ()), "the typ is the same for both");
  promise(decode_base64url(parts[2]) == jws->signature(), "the signature is the third part");
  promise(jws->signing_input() == token.substr(0, parts[0].size() + 1 + parts[1].size()), "what is signed is the rest");
  promise(encode_base64url(*decode_base64url(parts[1])) == parts[1], "the payload has one spelling");
  // With another token in the buffers the claims are this one's, or nobody's.
  const auto claims = jws->peek_unverified_claims();
  const auto payload = object_of(parts[1]);
  if (claims) {
    promise(payload.has_value(), "claims are an object that others read");
    promise(claims->size() == payload->size(), "and have as many members");
    const auto other = CompactJws::parse("eyJhbGciOiJIUzI1NiJ9.e30.AA", buffers);
    promise(other.has_value() && other->peek_unverified_claims().has_value(), "another token is read in the same room");
    const auto again = jws->peek_unverified_claims();
    promise(again.has_value() && again->size() == payload->size(), "and this one's claims are still its own");
  }
  const std::vector<const VerificationKey*> keys{secret().get()};
  promise(!Verifier::verify(*jws, keys).has_value(), "nobody guesses a signature");
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  if (!text.starts_with('{') || line == std::string_view::npos) {
    sallyport::look(text);
    return 0;
  }
  sallyport::look(sallyport::encode_base64url(text.substr(0, line)) + '.' +
                  sallyport::encode_base64url(text.substr(line + 1)) + ".AAAA");
  return 0;
}
