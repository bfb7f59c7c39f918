// A store as lines of JSON: a head, a line for each row, and an end that counts them,
// so that a file which was cut off is not taken for the whole.
#pragma once

#include <functional>
#include <string>

#include "store/store.h"

namespace sallyport::cli {

// "{"sallyport_store":1}", ["users","ann",…]…, {"rows":1}. Text that is not UTF-8 is {"base64":"…"}.
std::string head_line();
std::string row_line(const Table& table, const Row& row);
std::string end_line(std::size_t rows);

inline constexpr std::size_t kMaxStoreLine = 16u * 1024 * 1024;

// Reads what the three above wrote, line by line.
class StoreLines {
 public:
  // The next line without its newline; false at the end.
  using ReadLine = std::function<Result<bool>(std::string& line)>;
  explicit StoreLines(ReadLine read) : read_(std::move(read)) {}
  Result<NextRow> next();
  std::size_t rows() const noexcept { return rows_; }

 private:
  ReadLine read_;
  std::string line_;
  std::size_t number_ = 0, rows_ = 0;
};

}  // namespace sallyport::cli
