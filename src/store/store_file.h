// The file of a store: where it is, who owns it, and what to tell when that is wrong.
#pragma once

#include <string>

#include "base/result.h"

namespace sallyport {

// The folder with its links resolved, and the file's name. A link in the file's own place is refused: whoever owns the
// folder (a broker's user) could point root's writes elsewhere with it.
Result<std::string> resolve_store_file(const std::string& path);
// An empty file where there is none. As root it belongs to the folder's owner, so that the broker's user can read and
// write it; the group may what it may in the folder; others nothing.
Result<void> make_store_file(const std::string& resolved);

Error missing_store(const std::string& path);
Error denied_store(const std::string& path);

}  // namespace sallyport
