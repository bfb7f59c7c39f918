#include "config/nearest_name.h"

#include <algorithm>
#include <cctype>

namespace sallyport {
namespace {
char lower(char c) { return c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

NearestName nearest_name(std::string_view wanted, const std::vector<std::string_view>& candidates) {
  wanted = wanted.substr(0, 64);  // no setting's name is longer, and the time is the product of the lengths
  NearestName best;
  std::size_t distance = static_cast<std::size_t>(-1);
  for (const std::string_view candidate : candidates) {
    const std::size_t d = edit_distance(wanted, candidate);
    if (d < distance) {
      distance = d;
      best.name = candidate;
    }
  }
  best.close =
      !best.name.empty() && distance <= std::max<std::size_t>(2, std::max(wanted.size(), best.name.size()) / 3);
  return best;
}

}  // namespace sallyport
