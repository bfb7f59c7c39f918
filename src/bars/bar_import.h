// Revocations from CSV, row by row: a header with some of jti, principal, kid, issuer,
// issued_before, until, why; each row has exactly one of the first three. What is wrong
// with a row is told with the row.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "bars/bar.h"
#include "base/result.h"
#include "users/csv_reader.h"

namespace sallyport {

struct ImportedBar {
  std::size_t row = 0;
  BarRecord bar;
  std::optional<Error> fault;  // the bar is not to be used
};

class BarImport {
 public:
  explicit BarImport(ByteStream& bytes) : reader_(bytes) {}
  // Reads the header; once, first.
  Result<void> start();
  bool next(ImportedBar& out);  // false at the end

 private:
  enum Column : std::uint8_t { kJti, kPrincipal, kKid, kIssuer, kIssuedBefore, kUntil, kWhy, kColumns };
  static std::optional<Column> column_of(std::string_view name) noexcept;
  CsvReader reader_;
  std::vector<Column> columns_;
};

}  // namespace sallyport
