#include "crypto/pem.h"

#include "base/secret.h"
#include "crypto/openssl_handles.h"

namespace sallyport {

bool looks_like_pem(std::string_view text) noexcept { return text.find("-----BEGIN ") != std::string_view::npos; }

Result<std::vector<PemBlock>> read_pem(std::string_view text) {
  const ErrorQueueGuard guard;
  if (text.size() > 1024 * 1024) return unexpected(invalid("the text is longer than 1 MiB"));
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::vector<PemBlock> blocks;
  std::size_t begins = 0;
  for (std::size_t at = 0; (at = text.find("-----BEGIN ", at)) != std::string_view::npos; ++at) ++begins;
  if (begins > 10'000) return unexpected(invalid("more than 10,000 keys in one document"));
  for (;;) {
    char *name = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long n = 0;
    if (!bio || PEM_read_bio(bio.get(), &name, &header, &data, &n) != 1) break;
    PemBlock block;
    block.label = name;
    if (!block.private_key()) block.der.assign(reinterpret_cast<const char*>(data), static_cast<std::size_t>(n));
    wipe(data, static_cast<std::size_t>(n));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    blocks.push_back(std::move(block));
  }
  if (blocks.empty() || blocks.size() != begins)
    return unexpected(
        invalid("a PEM block is damaged", "a block runs from its BEGIN line to its END line, base64 between"));
  return blocks;
}

}  // namespace sallyport
