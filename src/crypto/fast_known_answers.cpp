#include "crypto/fast_known_answers.h"

#include <new>
#include <string>
#include <string_view>

#include "crypto/public_key.h"

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
    // RFC 6979 A.2.6, SHA-384.
    {KeyType::p384, "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
     "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720", "sample",
     "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
     "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8"},
    {KeyType::p384, "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
     "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720", "test",
     "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB"
     "DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5"},
    // RFC 8032 7.1, tests 2 and 3.
    {KeyType::ed25519, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "", "\x72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {KeyType::ed25519, "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "", "\xaf\x82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    // RFC 7515 A.2.
    {KeyType::rsa,
     "A1F8160AE2E3C9B465CE8D2D656263362B927DBE29E1F02477FC1625CC90A136E38BD93497C5B6EA63DD7711E67C7429F956B0FB8A8F089A"
     "DC4B69893CC1333F53EDD019B87784252FEC914FE4857769594BEA4280D32C0F55BF62944F130396BC6E9BDF6EBDD2BDA3678EECA0C668F7"
     "01B38DBFFB38C8342CE2FE6D27FADE4A5A4874979DD4B9CF9ADEC4C75B05852C2C0F5EF8A5C1750392F944E8ED64C110C6B647609AA4783A"
     "EB9C6C9AD755313050638B83665C6F6F7A82A396702A1F641B82D3EBF2392219491FB686872C5716F50AF8358D9A8B9D17C340728F7F87D8"
     "9A18D8FCAB67AD84590C2ECF759339363C07034D6F606F9E21E05456CAE5E9A1",
     "010001",
     "eyJhbGciOiJSUzI1NiJ9."
     "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
     "702E218943E88FD11EB5D82DBF7845F34106AE1B81FFF7731116ADD1717D83656D420AFD3C96EEDD73A2663E5166687B000B87226E0187ED"
     "1073F945E582ADFCEF16D85A798EE8C66DDB3DB8975B17D09402BEEDD5D9D97007108DB28160D5F8040CA7445762B81FBE7FF9D92E0AE76F"
     "24F25B33BBE6F44AE61EB1040ACB20044D3EF9128ED40130795BD4BD3B41EECAD066AB651981FDE48DF77F372DC38B9FAFDD3BEFB18B5DA3"
     "CC3C2EB02F9E3A41D612CAAD15911273A05F23B9E838FAAF849D698429EF5A1E88798236C3D40E604522A544C8F27A7A2DB80663D16CF7CA"
     "EA56DE405CB2215A45B2C25566B55AC1A748A070DFC8A32A469543D019EEFB47"},
};

}  // namespace

bool known_answers_are_right(Path path) {
  for (const KnownAnswer& k : kKnown) {
    const auto table = KeyTable::make(k.type, bytes(k.first), bytes(k.second), path);
    const std::string good = bytes(k.signature);
    const auto accepts = [&](std::string_view input, std::string_view signature) {
      const Answer answer = table->verify(input, signature);
      if (answer == Answer::none) throw std::bad_alloc();
      return answer == Answer::accept;
    };
    if (!table || !accepts(k.input, good)) return false;
    if (accepts(std::string(k.input) + "!", good)) return false;
    for (const std::size_t at : {std::size_t{0}, good.size() / 2 - 1, good.size() / 2, good.size() - 1}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1);
      if (accepts(k.input, bad)) return false;
    }
    if (accepts(k.input, std::string(good.size(), '\0'))) return false;
  }
  return true;
}

namespace {

bool openssl_takes_a_good_one(KeyType type) noexcept {
  try {
    for (const KnownAnswer& k : kKnown) {
      if (k.type != type) continue;
      const auto key = type == KeyType::rsa       ? PublicKey::from_rsa(bytes(k.first), bytes(k.second))
                       : type == KeyType::ed25519 ? PublicKey::from_edwards(type, bytes(k.first))
                                                  : PublicKey::from_point(type, bytes(k.first), bytes(k.second));
      if (!key) return false;
      const Key judge(type, bytes(k.first), bytes(k.second), key->native_for_judges());
      const SignatureScheme scheme = type == KeyType::rsa       ? SignatureScheme::rsa_pkcs1
                                     : type == KeyType::ed25519 ? SignatureScheme::eddsa
                                                                : SignatureScheme::ecdsa;
      return judge.judge(scheme, type == KeyType::p384 ? Hash::sha384 : Hash::sha256, k.input, bytes(k.signature));
    }
  } catch (const std::bad_alloc&) {
  }
  return false;
}

}  // namespace

bool refusal_stands(const Key& key, SignatureScheme scheme, Hash hash, std::string_view input,
                    std::string_view signature) noexcept {
  return openssl_takes_a_good_one(key.type()) && !key.judge(scheme, hash, input, signature);
}

}  // namespace sallyport::fast
