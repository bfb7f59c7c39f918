// Pages: the console as it was built, packed into the program. Found by their whole path
// in a table, so that no path can lead to a file.
#pragma once

#include <span>
#include <string_view>

namespace sallyport::daemon {

struct PackedPage {
  std::string_view path;  // "/assets/index-1a2b3c.js"
  std::string_view bytes;
  std::string_view gzipped;  // empty: not worth it
};
// Made by cmake/pack_pages.cmake from console/dist; empty where that was not built.
std::span<const PackedPage> packed_pages();

// Nothing: no such page. "/" and what looks like a page of the console is its index.
const PackedPage* find_page(std::string_view path);
std::string_view page_type(std::string_view path);
// Whether its name changes with its bytes, so that it may be kept for ever.
bool is_hashed_page(std::string_view path);
// What stands at "/" where no console was built.
std::string_view missing_console_page();

}  // namespace sallyport::daemon
