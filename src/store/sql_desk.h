// SqlDesk: the few shapes of SQL that the console's accounts and the kept decisions need,
// over any engine, so that each of their statements is written once.
//
// In a statement ?1, ?2… stand for the values and "@" before a table's name for what its
// engine puts there. Values are numbers and bytes; bytes are compared one by one. One
// desk serves one thread at a time; after an error the same desk is asked again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/tables.h"

namespace sallyport {

class SqlDesk {
 public:
  virtual ~SqlDesk() = default;
  // How many rows it touched.
  virtual Result<std::int64_t> run(std::string_view sql, const Row& values = {}) = 0;
  virtual Result<void> each(std::string_view sql, const Row& values, const std::function<void(const Row&)>& take) = 0;
  // Many rows at once. `columns`: "a, b, c".
  virtual Result<void> insert(std::string_view table, std::string_view columns, const std::vector<Row>& rows) = 0;
  // All of `work` or nothing; of all processes one at a time.
  virtual Result<void> in_one(const std::function<Result<void>()>& work) = 0;
  // An expression: `column` has `mark` in it somewhere; without_case: capital letters or not.
  virtual std::string holds(std::string_view column, std::string_view mark, bool without_case) const = 0;
  // About how many bytes the rows of a table take that counts its `id` up.
  virtual Result<std::int64_t> bytes_of(std::string_view table) = 0;
  // Gives back what deleted rows took, a little at a time.
  virtual Result<void> tidy() { return {}; }

  // The rows as `read` makes them.
  template <class Read>
  auto rows(std::string_view sql, const Row& values, Read&& read)
      -> Result<std::vector<std::decay_t<decltype(read(values))>>> {
    std::vector<std::decay_t<decltype(read(values))>> out;
    if (Result<void> done = each(sql, values, [&](const Row& row) { out.push_back(read(row)); }); !done)
      return unexpected(done.error());
    return out;
  }
  // The first column of the first row; 0 where there is none.
  Result<std::int64_t> number(std::string_view sql, const Row& values = {});
};

inline std::int64_t number_in(const Row& row, std::size_t column) {
  const auto* value = std::get_if<std::int64_t>(&row[column]);
  return value ? *value : 0;
}
inline std::string text_in(const Row& row, std::size_t column) {
  const auto* value = std::get_if<std::string>(&row[column]);
  return value ? *value : std::string();
}

enum class DeskOf : std::uint8_t { console, decisions };

// Teaches the console and the kept decisions another kind of url, beside register_store().
using DeskOpener = std::function<Result<std::unique_ptr<SqlDesk>>(const std::string& url, DeskOf of)>;
void register_desk(std::string_view scheme, DeskOpener opener);
// Null where the store of this url keeps neither: they are in files of their own.
Result<std::unique_ptr<SqlDesk>> open_desk(const std::string& store_url, DeskOf of);

}  // namespace sallyport
