#include "jose/published_keys.h"

#include <algorithm>
#include <array>

#include "jose/verification_key.h"

namespace sallyport {
namespace {

using namespace std::string_view_literals;

// Sample tokens of brokers' manuals, jwt.io and its like, tutorials.
constexpr std::array kSecrets = {
    "secret"sv,
    "emqxsecret"sv,
    "emqsecret"sv,
    "your-256-bit-secret"sv,
    "your-384-bit-secret"sv,
    "your-512-bit-secret"sv,
    "a-string-secret-at-least-256-bits-long"sv,
    "a-valid-string-secret-that-is-at-least-384-bits-long"sv,
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long"sv,
    // RFC 7515 A.1 and RFC 7520 3.5, as bytes.
    "\x03\x23\x35\x4b\x2b\x0f\xa5\xbc\x83\x7e\x06\x65\x77\x7b\xa6\x8f\x5a\xb3\x28\xe6\xf0\x54\xc9\x28\xa9\x0f\x84\xb2"
    "\xd2\x50\x2e\xbf"
    "\xd3\xfb\x5a\x92\xd2\x06\x47\xef\x96\x8a\xb4\xc3\x77\x62\x3d\x22\x3d\x2e\x21\x72\x05\x2e\x4f\x08\xc0\xcd\x9a\xf5\x67\xd0\x80\xa3"sv,
    "\x84\x9b\x57\x21\x9d\xae\x48\xde\x64\x6d\x07\xdb\xb5\x33\x56\x6e\x97\x66\x86\x45\x7c\x14\x91\xbe\x3a\x76\xdc\xea\x6c\x42\x71\x88"sv,
};

constexpr std::array kThumbprints = {
    "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8"sv,  // RFC 7515 A.2
    "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"sv,  // RFC 7515 A.3
    "u5YUSjQ2-2chBi51NSk3t3g7IM4o2KYcnPqPtCNGd3U"sv,  // RFC 7515 A.4
    "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"sv,  // RFC 7517 A.2, EC
    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"sv,  // RFC 7517 A.2, RSA
    "dHri3SADZkrush5HU_50AoRhcKFryN-PI6jPBtPL55M"sv,  // RFC 7520 3.2
    "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"sv,  // RFC 7520 3.4
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"sv,  // RFC 8037 A.1
    "oGDmHqCJ7yzMkWEkrlZVHkvrHIyQwtlDmeq5ForUHeY"sv,  // jwt.io, RSA
    "19J8y7Zprt2-QKLjF2I5pVk0OELX6cY2AfaAv1LC_w8"sv,  // jwt.io, P-256
};

}  // namespace

bool is_published_secret(std::string_view secret) {
  return std::find(kSecrets.begin(), kSecrets.end(), secret) != kSecrets.end();
}
bool is_published_thumbprint(std::string_view thumbprint) {
  return std::find(kThumbprints.begin(), kThumbprints.end(), thumbprint) != kThumbprints.end();
}

}  // namespace sallyport
