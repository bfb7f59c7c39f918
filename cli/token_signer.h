// A key with an algorithm and the header of the tokens that it makes.
#pragma once

#include <memory>
#include <string>

#include "jose/sign.h"

namespace sallyport::cli {

struct SignerOptions {
  std::string alg, key_file, config, kid, typ = "JWT";
};

struct TokenSigner {
  std::shared_ptr<const SigningKey> key;
  Algorithm alg{};
  std::string header;  // JSON

  Result<std::string> sign(std::string_view payload) const { return sign_compact(*key, alg, header, payload); }
};

// Reads the key of --key-file or --config. Without an algorithm: the usual one of the key's kind.
Result<TokenSigner> make_signer(const SignerOptions& options);

// A file's key for signing: PEM, a JWK, or, for HMAC, the bytes of a secret.
Result<std::shared_ptr<const SigningKey>> read_signing_key(const std::string& path, bool secret_allowed);

// At most `cap` bytes; one trailing newline is taken off. "-" is standard input.
Result<std::string> read_key_text(const std::string& path, std::size_t cap);

}  // namespace sallyport::cli
