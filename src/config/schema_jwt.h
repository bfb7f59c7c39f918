// Setters of [jwt] that need more than a typed read: keys, claims, algorithms.
#pragma once

#include "config/settings.h"
#include "config/value_reader.h"

namespace sallyport {

void set_jwt_secret(Settings& settings, const TomlNode& node, ValueReader& reader);
void set_jwt_secret_base64(Settings& settings, const TomlNode& node, ValueReader& reader);
void set_jwt_secret_file(Settings& settings, const TomlNode& node, ValueReader& reader);
void set_jwt_public_key(Settings& settings, const TomlNode& node, ValueReader& reader);
void set_jwt_claims(Settings& settings, const TomlNode& node, ValueReader& reader);
void set_jwt_allowed_algorithms(Settings& settings, const TomlNode& node, ValueReader& reader);

// A key of another kind in the place of a secret: empty text where it is none. A public key used as an HMAC key is
// known to everybody.
std::string_view other_kind_of_key(std::string_view secret);

}  // namespace sallyport
