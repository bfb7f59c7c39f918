#include "users/csv_reader.h"

#include <fmt/format.h>

namespace sallyport {

void CsvReader::fault(CsvRow& row, std::string cause, std::string hint) {
  if (!row.fault)
    row.fault =
        invalid(std::move(cause), std::move(hint), fmt::format("row {}, column {}", row.number, row.fields.size() + 1));
}

bool CsvReader::next(CsvRow& row) {
  if (number_ == 0 && bytes_->ahead(3) == "\xef\xbb\xbf")
    for (int i = 0; i < 3; ++i) bytes_->get();
  while (bytes_->peek() != ByteStream::kEnd)
    if (read_row(row)) return true;
  return false;
}

// After the opening quote, up to and with the closing one.
void CsvReader::read_quoted(CsvRow& row, std::string& field) {
  for (;;) {
    const int byte = bytes_->get();
    if (byte == ByteStream::kEnd)
      return fault(row, "a quoted field does not end", "close it with \"; a quote inside it is written \"\"");
    if (++size_ > kMaxCsvRow) {
      // What follows cannot be told from the field's text: the row goes on, unkept, to the closing quote.
      fault(row, fmt::format("the row is longer than {} bytes", kMaxCsvRow), "is a closing quote missing?");
      field.clear();
    }
    if (byte == '"') {
      if (bytes_->peek() != '"') return;
      bytes_->get();
    }
    if (size_ <= kMaxCsvRow) field += static_cast<char>(byte);
  }
}

bool CsvReader::read_row(CsvRow& row) {
  row.fields.clear();
  row.fault.reset();
  row.number = ++number_;
  size_ = 0;
  std::string field;
  bool quoted = false;
  const auto end_field = [&] {
    if (field.find('\0') != std::string::npos)
      fault(row, "there is a NUL character in the field",
            "MQTT cannot carry it; is this file UTF-16? save it as CSV UTF-8");
    if (row.fields.size() < kMaxCsvFields)
      row.fields.push_back(std::move(field));
    else
      fault(row, fmt::format("the row has more than {} fields", kMaxCsvFields), "");
    field.clear();
    quoted = false;
  };
  for (;;) {
    const int byte = bytes_->get();
    if (byte == ByteStream::kEnd || byte == '\n') break;
    if (++size_ > kMaxCsvRow) {
      fault(row, fmt::format("the row is longer than {} bytes", kMaxCsvRow),
            "no name or hash is that long: is a line break missing, or is this no table of users?");
      field.clear();
    } else if (byte == '\r' && bytes_->peek() == '\n') {
      continue;
    } else if (byte == ',') {
      end_field();
    } else if (byte == '"' && field.empty() && !quoted) {
      quoted = true;
      read_quoted(row, field);
    } else if (quoted) {
      fault(row, "there is text after the closing quote", "a quote inside a field is written \"\"");
    } else {
      // RFC 4180 has no quotes in unquoted fields; a password may, and what it means is plain.
      field += static_cast<char>(byte);
    }
  }
  if (row.fields.empty() && field.empty() && !quoted && !row.fault) return false;
  end_field();
  return true;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos && !text.empty() && text.front() != ' ' &&
      text.back() != ' ')
    return std::string(text);
  if (text.empty()) return {};
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace sallyport
