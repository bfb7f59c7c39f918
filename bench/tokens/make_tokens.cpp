// make_tokens FOLDER COUNT ALG...: keys made now, tokens to accept and tokens to refuse, for every contestant alike.
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>

#include "jose/sign.h"

namespace {

using namespace sallyport;

struct Who {
  std::string username, client_id;
};
Who who(int i) {
  const std::string number = std::to_string(100'000 + i);
  return {"device-" + number, "site-7-gateway-" + number};
}

// About 250 bytes, as a fleet's tokens are.
std::string payload(const Who& w, int i, std::int64_t issued, std::int64_t expires) {
  return R"({"iss":"https://id.example.com/realms/fleet","sub":")" + w.username + R"(","aud":"mqtt","username":")" +
         w.username + R"(","clientid":")" + w.client_id + R"(","iat":)" + std::to_string(issued) + R"(,"nbf":)" +
         std::to_string(issued) + R"(,"exp":)" + std::to_string(expires) + R"(,"jti":"5f0c7b3e-9a41-4d9e-8f27-)" +
         std::to_string(100'000'000'000 + i) + R"("})";
}

std::shared_ptr<const SigningKey> new_key(Algorithm alg) {
  // EdDSA means Ed25519 here.
  for (const KeyKind kind :
       {KeyKind::rsa, KeyKind::p256, KeyKind::p384, KeyKind::p521, KeyKind::ed25519, KeyKind::ed448})
    if (fits(alg, kind)) return generate_signing_key(kind).value();
  return nullptr;
}

// A secret that is text, as all of them take it; the thumbprint of a new key is random enough.
std::string text_secret() {
  static int made = 0;
  const std::string random = generate_signing_key(KeyKind::p256).value()->thumbprint();
  return random + random + std::to_string(++made);
}

void make(const std::string& folder, int count, Algorithm alg) {
  const std::string stem = folder + "/" + std::string(name(alg));
  const bool symmetric = fits(alg, KeyKind::secret);
  const std::string secret = text_secret();
  const auto key = symmetric ? signing_key_from_secret(secret).value() : new_key(alg);
  const auto stranger = symmetric ? signing_key_from_secret(text_secret()).value() : new_key(alg);
  const std::string header = R"({"alg":")" + std::string(name(alg)) + R"(","typ":"JWT"})";
  const std::int64_t now = std::time(nullptr);
  std::ofstream(stem + ".key") << (symmetric ? secret : key->public_pem());
  if (!symmetric) std::ofstream(stem + ".jwks") << R"({"keys":[)" << key->jwk(false) << "]}";
  std::ofstream good(stem + ".good"), bad(stem + ".bad");
  const auto line = [&](std::ofstream& out, const char* kind, const Who& w, const SigningKey& by,
                        const std::string& claims) {
    out << kind << ' ' << w.username << ' ' << w.client_id << ' ' << sign_compact(by, alg, header, claims).value()
        << '\n';
  };
  for (int i = 0; i < count; ++i) line(good, "good", who(i), *key, payload(who(i), i, now - 60, now + 86'400));
  line(bad, "forged", who(0), *stranger, payload(who(0), 0, now - 60, now + 86'400));
  line(bad, "expired", who(1), *key, payload(who(1), 1, now - 7200, now - 3600));
  // Good tokens of another device: only the claims tell.
  line(bad, "other_name", {who(2).username, who(3).client_id}, *key, payload(who(3), 3, now - 60, now + 86'400));
  line(bad, "other_client", {who(3).username, who(2).client_id}, *key, payload(who(3), 3, now - 60, now + 86'400));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: make_tokens FOLDER COUNT ALG...\n";
    return 2;
  }
  for (int i = 3; i < argc; ++i) {
    const auto alg = algorithm_from_name(argv[i]);
    if (!alg) {
      std::cerr << "no algorithm " << argv[i] << '\n';
      return 2;
    }
    make(argv[1], std::atoi(argv[2]), *alg);
  }
}
