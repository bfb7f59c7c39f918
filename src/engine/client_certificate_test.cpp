#include "engine/client_certificate.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>

#include "codec/base64url.h"
#include "crypto/digest.h"

namespace sallyport {
namespace {

// A certificate of this run's own, as DER and PEM.
struct Certificate {
  X509* x509 = X509_new();
  std::string der, pem;
  Certificate() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_sign(x509, key, EVP_sha256());
    EVP_PKEY_free(key);
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(x509, &bytes);
    der.assign(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    pem = "-----BEGIN CERTIFICATE-----\n";
    const std::string encoded = encode_base64(der);
    for (std::size_t i = 0; i < encoded.size(); i += 64) pem += encoded.substr(i, 64) + "\n";
    pem += "-----END CERTIFICATE-----\n";
  }
  ~Certificate() { X509_free(x509); }
};

std::string percent_encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
    out += std::isalnum(static_cast<unsigned char>(c)) ? std::string(1, c) : std::string(code);
  }
  return out;
}

TEST(ClientCertificateTest, EachFormOfAHeaderHasTheSameThumbprint) {
  const Certificate c;
  const std::string print = sha256(c.der);
  std::string hex = encode_hex(print), colons;
  for (std::size_t i = 0; i < hex.size(); i += 2) colons += (i ? ":" : "") + hex.substr(i, 2);
  for (const std::string& form :
       {c.pem, percent_encoded(c.pem), encode_base64(c.der), ":" + encode_base64(c.der) + ":", hex, colons})
    EXPECT_EQ(client_certificate_thumbprint(form), print) << form.substr(0, 60);
}

TEST(ClientCertificateTest, ABrokersCertificateIsTakenAndFreed) {
  const Certificate c;
  X509_up_ref(c.x509);
  EXPECT_EQ(client_certificate_thumbprint(static_cast<void*>(c.x509)), sha256(c.der));
  EXPECT_EQ(client_certificate_thumbprint(static_cast<void*>(nullptr)), "");
}

TEST(ClientCertificateTest, WhatIsNoCertificateIsNone) {
  const Certificate c;
  for (const std::string& bad :
       {std::string(), std::string("none"), std::string("(null)"), encode_base64(c.der + "x"),
        encode_base64(c.der.substr(1)), encode_hex(sha256(c.der)).substr(1), std::string(70'000, 'a'),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), std::string("::"),
        std::string("%"), std::string("%2")})
    EXPECT_EQ(client_certificate_thumbprint(bad), "") << bad.substr(0, 60);
}

}  // namespace
}  // namespace sallyport
