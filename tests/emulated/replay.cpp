// The fast engine without OpenSSL, for machines that are emulated: answers again what a recorded run of the
// differential test asked (SALLYPORT_DIFFERENTIAL_RECORD), on each path of this machine.
//
//   replay FILE     lines of "x y digest signature verdict", in hex (Ed25519: key, "-", SHA-512 of R, key and message);
//   the last line printed says what was asked where
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/fast_ed25519.h"
#include "crypto/fast_p256.h"
#include "crypto/fast_p384.h"
#include "crypto/fast_path.h"

namespace {

namespace fast = sallyport::fast;

std::string bytes(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

struct Case {
  std::string x, y, digest, signature;
  bool good = false;
};

template <class Key>
std::unique_ptr<const Key> key_of(const Case& one, fast::Path path) {
  if constexpr (std::is_same_v<Key, fast::Ed25519Key>)
    return Key::make(one.x, path);
  else
    return Key::make(one.x, one.y, path);
}

// The cases of one kind of key on one path: how many answers are wrong.
template <class Key>
int wrong_answers(const std::vector<Case>& cases, fast::Path path) {
  std::map<std::string, std::unique_ptr<const Key>> keys;
  int wrong = 0;
  for (const Case& one : cases) {
    std::unique_ptr<const Key>& key = keys[one.x + one.y];
    if (!key) key = key_of<Key>(one, path);
    if (!key || key->verify(one.digest, one.signature) != one.good) ++wrong;
  }
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream in(argv[1]);
  std::vector<Case> p256, p384, ed25519;
  for (std::string x, y, digest, signature, good; in >> x >> y >> digest >> signature >> good;)
    (y == "-"         ? ed25519
     : x.size() == 64 ? p256
                      : p384)
        .push_back({bytes(x), bytes(y), bytes(digest), bytes(signature), good == "1"});
  int wrong = 0;
  std::string paths;
  for (const fast::Path path : fast::paths()) {
    wrong += wrong_answers<fast::P256Key>(p256, path) + wrong_answers<fast::P384Key>(p384, path) +
             wrong_answers<fast::Ed25519Key>(ed25519, path);
    paths += (paths.empty() ? "" : ",") + std::string(fast::name(path));
  }
  std::cout << "p256 " << p256.size() << " p384 " << p384.size() << " ed25519 " << ed25519.size() << " paths " << paths
            << " wrong " << wrong << '\n';
  return wrong == 0 && !p256.empty() && !p384.empty() && !ed25519.empty() && !paths.empty() ? 0 : 1;
}
