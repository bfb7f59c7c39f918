// Ed25519 by the fast engine against libsodium, whose verdicts it gives, and OpenSSL, which takes all that libsodium
// takes: signatures that are any bytes, and signatures that are right but for what the input turns over.
#include <sodium.h>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "crypto/edwards.h"
#include "crypto/fast_key.h"
#include "crypto/openssl_handles.h"
#include "input.h"
#include "promise.h"

namespace sallyport::fast {
namespace {

struct Signer {
  std::string secret, key;
  EvpPkey openssl;
  std::vector<std::unique_ptr<const KeyTable>> paths;
};

// Made once, of seeds that are the same in each run.
std::vector<Signer>& signers() {
  static auto* const all = [] {
    auto* made = new std::vector<Signer>;
    promise(sodium_init() >= 0, "libsodium is there");
    for (int i = 0; i < 8; ++i) {
      std::array<unsigned char, crypto_sign_SEEDBYTES> seed{static_cast<unsigned char>(i)};
      std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
      std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> key{};
      crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
      Signer signer{{reinterpret_cast<char*>(secret.data()), secret.size()},
                    {reinterpret_cast<char*>(key.data()), key.size()},
                    EvpPkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size())),
                    {}};
      for (const Path path : paths()) {
        signer.paths.push_back(KeyTable::make(KeyType::ed25519, signer.key, {}, path));
        promise(signer.paths.back() != nullptr, "each path takes a sound key");
      }
      made->push_back(std::move(signer));
    }
    return made;
  }();
  return *all;
}

void same_verdict(const Signer& key, const std::string& input, const std::string& signature) {
  const bool good = verify_ed25519(key.key, input, signature);
  for (const auto& path : key.paths)
    promise(path->verify(input, signature) == answer_of(good), "the fast engine decides as libsodium does");
  if (!good) return;
  const ErrorQueueGuard guard;
  const EvpMdCtx ctx(EVP_MD_CTX_new());
  promise(EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, key.openssl.get()) == 1 &&
              EVP_DigestVerify(ctx.get(), as_bytes(signature), signature.size(), as_bytes(input), input.size()) == 1,
          "OpenSSL takes what is taken");
}

void run(Input in) {
  const std::uint8_t kind = in.byte();
  const Signer& key = signers()[in.byte() % signers().size()];
  const std::string input = in.bytes(in.byte() % 64);
  if (kind % 3 == 0) return same_verdict(key, input, in.bytes(64));
  // Any key at all: one that is no sound point gets no table.
  if (kind % 3 == 1) {
    const std::string other = in.bytes(32), signature = in.bytes(64);
    for (const Path path : paths()) {
      const auto table = KeyTable::make(KeyType::ed25519, other, {}, path);
      promise((table != nullptr) == is_sound_ed25519_key(other), "a table is made of sound keys alone");
      if (table)
        promise(table->verify(input, signature) == answer_of(verify_ed25519(other, input, signature)),
                "under any key the fast engine decides as libsodium does");
    }
    return;
  }
  std::array<unsigned char, crypto_sign_BYTES> made{};
  crypto_sign_detached(made.data(), nullptr, as_bytes(input), input.size(), as_bytes(key.secret));
  std::string signature(reinterpret_cast<char*>(made.data()), made.size());
  in.turn_over(signature);
  same_verdict(key, input, signature);
}

}  // namespace
}  // namespace sallyport::fast

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::fast::run({data, size});
  return 0;
}
