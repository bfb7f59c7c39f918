// DocumentVault: where the last good document of a source outlives the process. The
// one on disk is net/file_vault.*; keys link no file code.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport {

struct StoredDocument {
  std::string address;  // the source's: a document of another address is not this source's
  std::string body, etag;
  UnixSeconds confirmed_at = 0;
};

class DocumentVault {
 public:
  virtual ~DocumentVault() = default;
  // Nothing: none, or damaged, or not private, or of another address.
  virtual std::optional<StoredDocument> load(const std::string& address) = 0;
  virtual Result<void> save(const StoredDocument& document) = 0;
};

}  // namespace sallyport
