// The known name that a misspelt one probably meant.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace sallyport {

// Edits (insert, delete, replace, swap two neighbours) between two names; case does not count.
std::size_t edit_distance(std::string_view a, std::string_view b);

struct NearestName {
  std::string_view name;  // empty where there are no candidates
  bool close = false;     // near enough to be what was meant
};
NearestName nearest_name(std::string_view wanted, const std::vector<std::string_view>& candidates);

}  // namespace sallyport
