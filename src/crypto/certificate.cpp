#include "crypto/certificate.h"

#include <array>

#include "crypto/digest.h"
#include "crypto/openssl_handles.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;

std::string thumbprint(const X509* certificate) {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1 || size != digest.size()) return {};
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string take_thumbprint(x509_st* certificate) noexcept {
  const ErrorQueueGuard guard;
  const X509Ptr owned(certificate);
  try {
    return owned ? thumbprint(owned.get()) : std::string();
  } catch (const std::bad_alloc&) {
    return {};  // none: a bound token is refused
  }
}

std::optional<std::string> thumbprint_of_der(std::string_view der) {
  if (der.empty() || der.size() > kMostBytes) return std::nullopt;
  const ErrorQueueGuard guard;
  const unsigned char* at = as_bytes(der);
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != as_bytes(der) + der.size()) return std::nullopt;
  return sha256(der);
}

std::optional<std::string> thumbprint_of_pem(std::string_view pem) {
  if (pem.empty() || pem.size() > kMostBytes) return std::nullopt;
  const ErrorQueueGuard guard;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return std::nullopt;
  // An empty passphrase callback: an encrypted PEM must not ask on a terminal.
  const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, const_cast<char*>("")));
  if (!certificate) return std::nullopt;
  std::string print = thumbprint(certificate.get());
  return print.empty() ? std::nullopt : std::optional(std::move(print));
}

}  // namespace sallyport
