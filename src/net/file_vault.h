// FileVault: the last good document of each source, a file each in one folder: written
// whole under another name and moved, private, and believed only where it is ours,
// private and undamaged.
#pragma once

#include "keys/document_vault.h"

namespace sallyport {

class FileVault final : public DocumentVault {
 public:
  // The folder is made (mode 0700) by the first save.
  explicit FileVault(std::string folder) : folder_(std::move(folder)) {}
  std::optional<StoredDocument> load(const std::string& address) override;
  Result<void> save(const StoredDocument& document) override;

 private:
  std::string path_of(const std::string& address) const;
  std::string folder_;
};

}  // namespace sallyport
