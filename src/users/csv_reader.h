// RFC 4180, row by row, in bounded memory: CRLF or LF, quoted fields with doubled
// quotes and line breaks in them, a byte-order mark. What is wrong with a row is told
// with the row, and the next row can be read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "users/byte_stream.h"

namespace sallyport {

inline constexpr std::size_t kMaxCsvRow = 10 * 1024 * 1024;
inline constexpr std::size_t kMaxCsvFields = 1000;

struct CsvRow {
  std::size_t number = 0;  // as a spreadsheet counts: the header is row 1
  std::vector<std::string> fields;
  std::optional<Error> fault;  // place: "row 17, column 2"
};

class CsvReader {
 public:
  explicit CsvReader(ByteStream& bytes) : bytes_(&bytes) {}
  // False at the end. Empty lines are passed over.
  bool next(CsvRow& row);

 private:
  bool read_row(CsvRow& row);
  void read_quoted(CsvRow& row, std::string& field);
  void fault(CsvRow& row, std::string cause, std::string hint);

  ByteStream* bytes_;
  std::size_t number_ = 0, size_ = 0;
};

// The field as CSV: quoted where it must be.
std::string csv_field(std::string_view text);

}  // namespace sallyport
