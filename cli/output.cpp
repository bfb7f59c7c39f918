#include "cli/output.h"

#include <fmt/format.h>
#include <pwd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/secret.h"
#include "cli/command.h"

namespace sallyport::cli {

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t need = c < 0x80 ? 1 : (c >> 5) == 6 ? 2 : (c >> 4) == 14 ? 3 : (c >> 3) == 30 ? 4 : 0;
    bool good = need != 0 && i + need <= text.size() && !(need == 1 && (c < 0x20 || c == 0x7f));
    for (std::size_t k = 1; good && k < need; ++k) good = (static_cast<unsigned char>(text[i + k]) >> 6) == 2;
    if (good && need == 2 && (c < 0xc2 || (c == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0)))
      good = false;  // C1 controls
    if (good) {
      out.append(text.substr(i, need));
      i += need;
    } else {
      out += fmt::format("\\x{:02x}", c);
      ++i;
    }
  }
  return out;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - row[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string author() {
  const passwd* user = getpwuid(getuid());
  return fmt::format("cli:{}", user ? user->pw_name : std::to_string(getuid()));
}

std::string read_stdin(std::size_t cap, bool strip_newline) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > cap + 2) fail(invalid(fmt::format("standard input is longer than {} bytes", cap)), kUsage, false);
  }
  wipe(buffer, sizeof buffer);
  if (strip_newline && text.ends_with('\n')) {
    text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
  }
  return text;
}

namespace {
std::string ask(const char* prompt) {
  std::FILE* tty = std::fopen("/dev/tty", "r+");
  if (!tty)
    fail({ErrorKind::kDenied, "there is no terminal to ask for the password on", "give it with --password-stdin", ""},
         kUsage, false);
  termios before{}, quiet{};
  tcgetattr(fileno(tty), &before);
  quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
  std::fprintf(tty, "%s", prompt);
  std::fflush(tty);
  std::string line;
  for (int c; (c = std::fgetc(tty)) != EOF && c != '\n';) line += static_cast<char>(c);
  tcsetattr(fileno(tty), TCSAFLUSH, &before);
  std::fprintf(tty, "\n");
  std::fclose(tty);
  return line;
}
double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
}  // namespace

std::string prompt_password(bool twice) {
  std::string first = ask("password: ");
  if (twice && ask("again: ") != first) fail(invalid("the two passwords differ"), kUsage, false);
  return first;
}

Progress::Progress(std::string what, std::size_t total)
    : what_(std::move(what)),
      total_(total),
      started_(now_seconds()),
      shown_(started_),
      terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::advance(std::size_t done) {
  done_ = done;
  const double now = now_seconds();
  if (now - shown_ < (terminal_ ? 0.2 : 10.0)) return;
  shown_ = now;
  any_ = true;
  std::string line = fmt::format("{} {}", what_, done);
  if (total_) {
    const double left =
        done ? (now - started_) / static_cast<double>(done) * static_cast<double>(total_ - std::min(done, total_)) : 0;
    line += fmt::format(" of {}, {:.0f} s to go", total_, left);
  }
  std::fprintf(stderr, terminal_ ? "\r\x1b[K%s" : "%s\n", line.c_str());
  std::fflush(stderr);
}

Progress::~Progress() {
  if (any_)
    std::fprintf(stderr, terminal_ ? "\r\x1b[K%s %zu, done in %.1f s\n" : "%s %zu, done in %.1f s\n", what_.c_str(),
                 done_, now_seconds() - started_);
}

void fail(const Error& error, int code, bool json) {
  if (json) {
    nlohmann::json object{{"error", error.cause}};
    if (!error.hint.empty()) object["hint"] = error.hint;
    if (!error.place.empty()) object["place"] = error.place;
    std::puts(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::fflush(stdout);
    std::fprintf(stderr, "sallyport: %s\n", error.to_text().c_str());
  }
  throw ExitWith{code};
}
void fail(const Error& error, bool json) {
  const bool refused =
      error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kInvalid;
  fail(error, refused ? kRefused : kEnvironment, json);
}

}  // namespace sallyport::cli
