// For tests of the edges, which know no store: puts a revocation or a block into one.
#pragma once

#include <string>

#include "bars/bar.h"
#include "store/store.h"

namespace sallyport::testing {

inline bool put_bar(const std::string& url, const BarRecord& bar) {
  const auto store = open_store(url, StoreAccess::write);
  return store && (*store)->put_bar(bar);
}

}  // namespace sallyport::testing
