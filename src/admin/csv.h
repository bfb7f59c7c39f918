// Csv: rows for spreadsheets (RFC 4180). A cell that one of them would take for a
// formula begins with an apostrophe: names and reasons come from strangers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

inline void append_csv_cell(std::string& out, std::string_view cell) {
  // OWASP, CSV injection: = + - @, tab and carriage return begin a formula; a fullwidth = ＋ － ＠ does in some.
  static constexpr std::string_view wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
  bool formula = !cell.empty() && std::string_view("=+-@\t\r\n").find(cell.front()) != std::string_view::npos;
  for (const std::string_view one : wide) formula = formula || cell.starts_with(one);
  // Spaces and quotes before it are taken off by some.
  if (const std::size_t first = cell.find_first_not_of(" \"'"); first != std::string_view::npos && first > 0)
    formula = formula || std::string_view("=+-@").find(cell[first]) != std::string_view::npos;
  const bool quoted = formula || cell.find_first_of(",\"\r\n;") != std::string_view::npos ||
                      (!cell.empty() && (cell.front() == ' ' || cell.back() == ' '));
  if (!quoted) {
    out += cell;
    return;
  }
  out += '"';
  if (formula) out += '\'';
  for (const char c : cell) {
    if (c == '"') out += '"';
    if (c == '\0') continue;
    out += c;
  }
  out += '"';
}

inline void append_csv_row(std::string& out, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i) out += ',';
    append_csv_cell(out, cells[i]);
  }
  out += "\r\n";
}

}  // namespace sallyport
