#include "engine/client_certificate.h"

#include "codec/base64url.h"
#include "crypto/certificate.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent-encoding taken out; '+' stands for itself, as it does in base64.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// "AB:CD:…" or "abcd…", 32 bytes.
std::string from_hex(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ':') digits += c;
  if (digits.size() != 64) return {};
  return decode_hex(digits).value_or(std::string());
}

}  // namespace

std::string client_certificate_thumbprint(void* x509) noexcept { return take_thumbprint(static_cast<x509_st*>(x509)); }

std::string client_certificate_thumbprint(std::string_view header) {
  if (header.empty() || header.size() > kMostBytes) return {};
  if (std::string print = from_hex(header); !print.empty()) return print;
  const std::string plain = percent_decoded(header);
  if (plain.starts_with("-----BEGIN ")) return thumbprint_of_pem(plain).value_or(std::string());
  std::string_view encoded = plain;
  if (encoded.size() > 2 && encoded.starts_with(':') && encoded.ends_with(':'))
    encoded = encoded.substr(1, encoded.size() - 2);
  const std::optional<std::string> der = decode_base64_lenient(encoded);
  return der ? thumbprint_of_der(*der).value_or(std::string()) : std::string();
}

}  // namespace sallyport
