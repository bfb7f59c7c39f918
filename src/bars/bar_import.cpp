#include "bars/bar_import.h"

#include <fmt/format.h>

#include "bars/moment.h"

namespace sallyport {
namespace {

constexpr std::string_view kNames[] = {"jti", "principal", "kid", "issuer", "issued_before", "until", "why"};
constexpr const char* kHint =
    "the first row names the columns: jti, principal or kid, and issuer, issued_before, until, why";

// An empty field is none; anything else is a moment or a fault.
std::optional<Error> read_moment(std::string_view text, std::string_view column, std::size_t row, UnixSeconds& out) {
  if (text.empty()) return std::nullopt;
  const std::optional<UnixSeconds> at = parse_moment(text);
  if (!at)
    return invalid(fmt::format("{} is no moment", column), "RFC 3339 (2026-11-24T12:00:00Z) or seconds since 1970",
                   fmt::format("row {}, column {}", row, column));
  out = *at;
  return std::nullopt;
}

}  // namespace

std::optional<BarImport::Column> BarImport::column_of(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kColumns; ++i)
    if (kNames[i] == name) return static_cast<Column>(i);
  return std::nullopt;
}

Result<void> BarImport::start() {
  CsvRow header;
  if (!reader_.next(header)) return unexpected(invalid("the file is empty", kHint));
  if (header.fault) return unexpected(*header.fault);
  bool names_one = false;
  for (const std::string& field : header.fields) {
    const std::optional<Column> column = column_of(field);
    if (!column) return unexpected(invalid(fmt::format("there is no column {}", field.substr(0, 40)), kHint, "row 1"));
    for (const Column known : columns_)
      if (known == *column) return unexpected(invalid(fmt::format("column {} stands there twice", field), "", "row 1"));
    names_one = names_one || *column <= kKid;
    columns_.push_back(*column);
  }
  if (!names_one) return unexpected(invalid("no column says what is revoked", kHint, "row 1"));
  return {};
}

bool BarImport::next(ImportedBar& out) {
  CsvRow row;
  if (!reader_.next(row)) return false;
  out = {};
  out.row = row.number;
  out.fault = row.fault;
  if (out.fault) return true;
  const std::string place = fmt::format("row {}", row.number);
  if (row.fields.size() != columns_.size()) {
    out.fault = invalid(fmt::format("the row has {} fields and the header {}", row.fields.size(), columns_.size()),
                        "a field with a comma in it is quoted", place);
    return true;
  }
  int named = 0;
  for (std::size_t i = 0; i < columns_.size() && !out.fault; ++i) {
    std::string& field = row.fields[i];
    switch (columns_[i]) {
      case kJti:
      case kPrincipal:
      case kKid:
        if (field.empty()) break;
        ++named;
        out.bar.kind = columns_[i] == kJti ? BarKind::jti : columns_[i] == kKid ? BarKind::key_id : BarKind::principal;
        out.bar.value = std::move(field);
        break;
      case kIssuer:
        out.bar.issuer = std::move(field);
        break;
      case kIssuedBefore:
        out.fault = read_moment(field, "issued_before", row.number, out.bar.issued_before);
        break;
      case kUntil:
        out.fault = read_moment(field, "until", row.number, out.bar.until);
        break;
      case kWhy:
        out.bar.why = std::move(field);
        break;
      case kColumns:
        break;
    }
  }
  if (!out.fault && named != 1)
    out.fault = invalid(named == 0 ? "the row says nothing of what is revoked" : "the row revokes two things at once",
                        "exactly one of jti, principal and kid", place);
  if (!out.fault) {
    if (Result<void> fine = check_bar(out.bar); !fine) {
      out.fault = fine.error();
      out.fault->place = place;
    }
  }
  return true;
}

}  // namespace sallyport
