// The printing rules: plain text for people (lower case, no full stop, cause first,
// hint after), one JSON value for machines with --json. Untrusted text is escaped so
// that it cannot move a cursor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace sallyport::cli {

// Control characters and invalid UTF-8 as \xNN; everything else as it stands.
std::string printable(std::string_view text);

// Columns lined up, two spaces between; the first row is the header.
std::string table(const std::vector<std::vector<std::string>>& rows);

// Who changes something, for the store: "cli:root".
std::string author();

// Reads all of standard input, at most `cap` bytes; one trailing newline (or CRLF) is taken off where `strip_newline`.
std::string read_stdin(std::size_t cap, bool strip_newline);
// Asks on the terminal without echo, twice where `twice`; Error where there is no terminal.
std::string prompt_password(bool twice);

// A line on standard error that is written over, where that is a terminal; a line each ten seconds otherwise.
class Progress {
 public:
  explicit Progress(std::string what, std::size_t total = 0);  // total 0: not known
  ~Progress();
  void advance(std::size_t done);

 private:
  std::string what_;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  double started_ = 0, shown_ = 0;
  bool terminal_ = false, any_ = false;
};

}  // namespace sallyport::cli
