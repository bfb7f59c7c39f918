#include "cli/commands/decide_batch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/output.h"

namespace sallyport::cli {
namespace {

// As it came, but for the spelling of escapes and white space.
void append_json(std::string& out, const JsonValue& value) {
  switch (value.type()) {
    case JsonType::null:
    case JsonType::boolean:
    case JsonType::number:
      out += value.text();
      return;
    case JsonType::string:
      append_json_string(out, value.text());
      return;
    case JsonType::array:
    case JsonType::object:
      break;
  }
  const bool object = value.is_object();
  char separator = object ? '{' : '[';
  if (value.size() == 0) out += separator;
  for (JsonValue::Cursor c = value.begin(); c.valid(); c.advance()) {
    out += separator;
    separator = ',';
    if (object) {
      append_json_string(out, c.name());
      out += ':';
    }
    append_json(out, c.value());
  }
  out += object ? '}' : ']';
}

void append_integer(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = fmt::format_to_n(digits, sizeof digits, "{}", value);
  out.append(digits, end.size);
}

// Whole seconds; a fraction is cut off, so that a moment in the middle of a second is that second.
std::optional<UnixSeconds> read_now(const JsonValue& value) {
  if (!value.is_number()) return std::nullopt;
  if (const auto whole = value.integer()) return whole;
  const std::optional<UnixSeconds> up = numeric_date(value);  // rounds up
  const std::string_view text = value.text();
  const std::size_t dot = text.find('.');
  if (!up || dot == std::string_view::npos || text.find_first_of("eE") != std::string_view::npos) return std::nullopt;
  return text.find_first_not_of('0', dot + 1) == std::string_view::npos ? *up : *up - 1;
}

// The fields of a line; a null is an absent one.
struct Line {
  std::optional<JsonValue> id;
  ConnectAttempt attempt;
  std::optional<UnixSeconds> now;
  std::string_view stray, fault;
};

Line read_line(const JsonValue& object) {
  Line line;
  line.attempt.peer = {"127.0.0.1", Transport::mqtt_tcp};
  const auto text = [&](const JsonValue& value, std::string_view fault, std::optional<std::string_view>& field) {
    if (value.is_null()) return;
    if (value.is_string())
      field = value.text();
    else if (line.fault.empty())
      line.fault = fault;
  };
  std::optional<std::string_view> peer;
  for (JsonValue::Cursor c = object.begin(); c.valid(); c.advance()) {
    const std::string_view name = c.name();
    if (name == "id")
      line.id = c.value();
    else if (name == "username")
      text(c.value(), "username is no text", line.attempt.username);
    else if (name == "clientid")
      text(c.value(), "clientid is no text", line.attempt.client_id);
    else if (name == "password")
      text(c.value(), "password is no text", line.attempt.password);
    else if (name == "peer")
      text(c.value(), "peer is no text", peer);
    else if (name == "now") {
      if (c.value().is_null()) continue;
      line.now = read_now(c.value());
      if (!line.now && line.fault.empty()) line.fault = "now is no number of seconds";
    } else if (line.stray.empty())
      line.stray = name;
  }
  if (peer) line.attempt.peer.address = *peer;
  return line;
}

}  // namespace

void BatchDecider::refuse(std::string_view cause, const std::optional<JsonValue>& id, std::string& out) {
  any_error_ = true;
  out += '{';
  if (id) {
    out += "\"id\":";
    append_json(out, *id);
    out += ',';
  }
  out += "\"error\":";
  append_json_string(out, fmt::format("line {}: {}", lines_, cause));
  out += "}\n";
}

void BatchDecider::answer_too_long(std::string& out) {
  ++lines_;
  refuse(fmt::format("longer than {} bytes", kMaxBatchLine), std::nullopt, out);
}

void BatchDecider::answer(char* text, std::size_t length, std::string& out) {
  ++lines_;
  const JsonError error = tape_.parse(text, length, {.max_bytes = kMaxBatchLine, .max_depth = 16, .max_nodes = 4096});
  if (error != JsonError::none)
    return refuse(fmt::format("no JSON object: {} at byte {}", to_text(error), tape_.error_offset()), std::nullopt,
                  out);
  if (!tape_.root().is_object()) return refuse("no JSON object", std::nullopt, out);
  const Line line = read_line(tape_.root());
  if (!line.stray.empty() && stray_name_.empty())
    stray_name_ = fmt::format("line {}: \"{}\"", lines_, printable(line.stray.substr(0, 64)));
  if (!line.fault.empty()) return refuse(line.fault, line.id, out);

  Moment now = clock_.now();
  if (line.now) now.unix_seconds = *line.now;
  const Decision decision = decide(line.attempt, snapshot_, now, *work_);
  out += "{\"id\":";
  if (line.id)
    append_json(out, *line.id);
  else
    out += "null";
  out += ",\"verdict\":\"";
  out += name(decision.verdict);
  out += "\",\"reason\":\"";
  out += name(decision.reason);
  out += "\",\"authenticator\":\"";
  out += name(decision.authenticator);
  out += "\",\"principal\":";
  if (decision.principal.empty())
    out += "null";
  else
    append_json_string(out, decision.principal);
  out += ",\"expires_at\":";
  if (decision.expires_at)
    append_integer(out, *decision.expires_at);
  else
    out += "null";
  out += "}\n";
}

namespace {

bool write_all(std::string& out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::write(STDOUT_FILENO, out.data() + done, out.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += static_cast<std::size_t>(n);
  }
  out.clear();
  return true;
}

}  // namespace

int run_batch(int input, const GateSnapshot& snapshot, const Clock& clock) {
  BatchDecider decider(snapshot, clock);
  constexpr std::size_t chunk = 128 * 1024, flush_at = 256 * 1024;
  std::vector<char> buffer(kMaxBatchLine + 1 + chunk);  // a whole line with its newline, and the start of the next
  std::size_t filled = 0;
  bool dropping = false, good = true;  // dropping: inside a line that was too long and was answered already
  std::string out;
  out.reserve(flush_at + 4096);
  while (good) {
    const ssize_t n = ::read(input, buffer.data() + filled, std::min(chunk, buffer.size() - filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      write_all(out);
      wipe(buffer.data(), buffer.size());
      fail({ErrorKind::kUnavailable, fmt::format("the input cannot be read: {}", std::strerror(errno)), "", ""},
           kEnvironment, false);
    }
    const std::size_t scanned = filled;
    filled += static_cast<std::size_t>(n);
    std::size_t begin = 0;
    const auto take = [&](std::size_t end) {
      if (dropping)
        dropping = false;
      else if (end - begin > kMaxBatchLine)
        decider.answer_too_long(out);
      else
        decider.answer(buffer.data() + begin, end - begin, out);
      if (out.size() >= flush_at) good = write_all(out) && good;
    };
    for (std::size_t from = scanned; from < filled && good;) {
      const void* newline = std::memchr(buffer.data() + from, '\n', filled - from);
      if (!newline) break;
      const auto end = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer.data());
      take(end);
      begin = from = end + 1;
    }
    if (n == 0 && begin < filled && good) {  // the last line needs no newline
      take(filled);
      begin = filled;
    }
    std::memmove(buffer.data(), buffer.data() + begin, filled - begin);
    filled -= begin;
    if (filled > kMaxBatchLine || (dropping && filled > 0)) {
      if (!dropping) decider.answer_too_long(out);
      dropping = true;
      filled = 0;
    }
    good = good && write_all(out);
    if (n == 0) break;
  }
  wipe(buffer.data(), buffer.size());
  if (!decider.stray_name().empty())
    std::fprintf(stderr,
                 "sallyport: %s is no name that is read and was passed over\n  hint: the names are id, username, "
                 "clientid, password, peer and now\n",
                 decider.stray_name().c_str());
  if (!good) return kEnvironment;
  return decider.any_error() ? kUsage : kYes;
}

}  // namespace sallyport::cli
