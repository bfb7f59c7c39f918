// The files of a new key: written whole or not at all, the private one for its owner alone.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::cli {

// Makes the folder (0700) where it is not there.
Result<void> make_folder(const std::string& path);
// A new file; one that is there already is an error (kConflict), never overwritten.
Result<void> write_new_file(const std::string& path, std::string_view bytes, bool owner_only);

}  // namespace sallyport::cli
