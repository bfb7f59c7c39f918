#include "crypto/fast_known_answers.h"

#include <string>
#include <string_view>

#include "crypto/fast_key.h"

namespace sallyport::fast {
namespace {

std::string bytes(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

struct KnownAnswer {
  KeyType type;
  std::string_view first, second, input, signature;
};
constexpr KnownAnswer kKnown[] = {
    // RFC 6979 A.2.5, SHA-256, messages "sample" and "test".
    {KeyType::p256, "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
     "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299", "sample",
     "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064"
     "DC4AB2F843ACDA8"},
    {KeyType::p256, "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
     "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299", "test",
     "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367019F4113742A2B14BD25926B49C649155F267E60D3814B4C0"
     "CC84250E46F0083"},
};

}  // namespace

bool known_answers_are_right(Path path) {
  for (const KnownAnswer& k : kKnown) {
    const auto table = KeyTable::make(k.type, bytes(k.first), bytes(k.second), path);
    const std::string good = bytes(k.signature);
    if (!table || !table->verify(k.input, good)) return false;
    if (table->verify(std::string(k.input) + "!", good)) return false;
    for (const std::size_t at : {std::size_t{0}, good.size() / 2 - 1, good.size() / 2, good.size() - 1}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1);
      if (table->verify(k.input, bad)) return false;
    }
    if (table->verify(k.input, std::string(good.size(), '\0'))) return false;
  }
  return true;
}

}  // namespace sallyport::fast
