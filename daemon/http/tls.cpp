#include "daemon/http/tls.h"

#include <boost/asio/ssl.hpp>

namespace sallyport::http {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Result<std::shared_ptr<ssl::context>> make_tls_context(const HttpSettings& settings) {
  const auto fault = [](std::string cause, const std::string& place, std::string hint) {
    return unexpected(invalid(std::move(cause), std::move(hint), place));
  };
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const raw = context->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(
      raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_max_early_data(raw, 0);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  error_code error;
  context->use_certificate_chain_file(settings.tls_cert, error);
  if (error)
    return fault("the certificate cannot be used: " + error.message(), settings.tls_cert,
                 "it must be a PEM file that the daemon may read");
  context->use_private_key_file(settings.tls_key, ssl::context::pem, error);
  if (error)
    return fault("the private key cannot be used: " + error.message(), settings.tls_key,
                 "it must be the certificate's own, in PEM and without a password");
  if (SSL_CTX_check_private_key(raw) != 1)
    return fault("the private key is not the certificate's", settings.tls_key, "");
  if (!settings.client_ca.empty()) {
    context->load_verify_file(settings.client_ca, error);
    if (error)
      return fault("the authorities cannot be used: " + error.message(), settings.client_ca,
                   "it must be a PEM file that the daemon may read");
    // No certificate is a caller without this proof; a bad one ends the handshake.
    context->set_verify_mode(ssl::verify_peer, error);
    if (error) return fault("certificates cannot be asked for: " + error.message(), settings.client_ca, "");
  }
  return context;
}

void read_peer_certificate(SSL* ssl, daemon::PeerFacts& peer) {
  X509* const certificate = SSL_get1_peer_certificate(ssl);
  if (!certificate) return;
  peer.has_certificate = SSL_get_verify_result(ssl) == X509_V_OK;
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  // Two common names are two opinions.
  if (at >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0) {
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length > 0) peer.certificate.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
    OPENSSL_free(text);
  }
  X509_free(certificate);
}

}  // namespace sallyport::http
