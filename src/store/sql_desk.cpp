#include "store/sql_desk.h"

#include <utility>

namespace sallyport {
namespace {
std::vector<std::pair<std::string, DeskOpener>>& openers() {
  static std::vector<std::pair<std::string, DeskOpener>> all;
  return all;
}
}  // namespace

Result<std::int64_t> SqlDesk::number(std::string_view sql, const Row& values) {
  std::int64_t out = 0;
  bool first = true;
  if (Result<void> done = each(sql, values,
                               [&](const Row& row) {
                                 if (std::exchange(first, false)) out = number_in(row, 0);
                               });
      !done)
    return unexpected(done.error());
  return out;
}

void register_desk(std::string_view scheme, DeskOpener opener) { openers().emplace_back(scheme, std::move(opener)); }

Result<std::unique_ptr<SqlDesk>> open_desk(const std::string& store_url, DeskOf of) {
  for (const auto& [scheme, opener] : openers())
    if (store_url.starts_with(scheme)) return opener(store_url, of);
  return std::unique_ptr<SqlDesk>();
}

}  // namespace sallyport
