#include "cli/token_report.h"

#include <fmt/format.h>

#include "cli/output.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "jose/compact_jws.h"

namespace sallyport::cli {
namespace {

// Days to a civil date (proleptic Gregorian), for any year that 64 bits of seconds hold.
std::string utc(UnixSeconds t) {
  std::int64_t days = t / 86400, second = t % 86400;
  if (second < 0) {
    second += 86400;
    --days;
  }
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", year, month, day, second / 3600, second / 60 % 60,
                     second % 60);
}

std::string span_words(std::uint64_t s) {
  const auto unit = [](std::uint64_t n, const char* word) {
    return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
  };
  if (s < 120) return unit(s, "second");
  if (s < 7200) return unit(s / 60, "minute");
  if (s < 172800) return unit(s / 3600, "hour");
  if (s < std::uint64_t{86400} * 730) return unit(s / 86400, "day");
  return unit(s / (std::uint64_t{86400} * 365), "year");
}

std::string time_words(UnixSeconds t, UnixSeconds now) {
  const bool past = t <= now;
  const std::uint64_t distance = past ? static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(t)
                                      : static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(now);
  return utc(t) + (past ? fmt::format(", {} ago", span_words(distance)) : fmt::format(", in {}", span_words(distance)));
}

struct Part {
  std::string text;
  JsonTape tape;
  bool readable = false;
};
// One part between dots, as JSON.
void read_part(std::string_view encoded, Part& part) {
  auto bytes = decode_base64url(encoded);
  if (!bytes) bytes = decode_base64_lenient(encoded);  // only to show it; the fault was told
  if (!bytes) return;
  part.text = *std::move(bytes);
  part.readable = part.tape.parse(part.text.data(), part.text.size(), {}) == JsonError::none;
}

// The members of an object, one a line.
std::string indented(std::string json) {
  JsonTape tape;
  if (tape.parse(json.data(), json.size(), {}) != JsonError::none || !tape.root().is_object())
    return "  " + printable(json) + "\n";
  std::string out;
  for (auto c = tape.root().begin(); c.valid(); c.advance()) {
    std::string value;
    append_json_value(value, c.value());
    out += fmt::format("  {}: {}\n", printable(c.name()), printable(value));
  }
  return out;
}

}  // namespace

TokenReport report_on(std::string_view token, UnixSeconds now) {
  TokenReport report;
  report.bytes = token.size();
  TokenBuffers buffers;
  const auto jws = CompactJws::parse(token, buffers);
  if (!jws)
    report.fault = jws.error();
  else if (const auto claims = jws->peek_unverified_claims(); !claims)
    report.fault = claims.error();

  const std::size_t first = token.find('.');
  if (first == std::string_view::npos || token.size() > kMaxTokenBytes) return report;
  const std::size_t second = token.find('.', first + 1);
  Part header, claims;
  read_part(token.substr(0, first), header);
  if (second != std::string_view::npos && report.fault != Reason::encrypted_token)
    read_part(token.substr(first + 1, second - first - 1), claims);
  if (header.readable) append_json_value(report.header, header.tape.root());
  if (!claims.readable || !claims.tape.root().is_object()) return report;
  append_json_value(report.claims, claims.tape.root());
  for (const char* name : {"iat", "nbf", "exp"}) {
    const auto value = claims.tape.root().find(name);
    if (!value) continue;
    const auto seconds = numeric_date(*value);
    std::string words = seconds ? time_words(*seconds, now) : "not a time that the gate reads";
    if (seconds && std::string_view(name) == "exp" && *seconds <= now) words += " (expired)";
    if (seconds && std::string_view(name) == "nbf" && *seconds > now) words += " (not valid yet)";
    // Thirteen digits are milliseconds to everybody but a token.
    if (seconds && *seconds > 100'000'000'000) words += "; are these milliseconds? tokens count seconds";
    report.times.push_back({name, std::string(value->text()), seconds, std::move(words)});
  }
  if (!claims.tape.root().find("exp"))
    report.remarks.push_back("it has no exp: nothing ends it but a new key or a revocation");
  if (!claims.tape.root().find("sub"))
    report.remarks.push_back("it has no sub: whose it is must come from another claim");
  if (token.size() > 1000)
    report.remarks.push_back(
        fmt::format("it has {} bytes, more than many small modems can send as a password", token.size()));
  return report;
}

std::string TokenReport::text() const {
  std::string out = "not verified: this is what the token says of itself\n";
  if (fault) out += fmt::format("fault: {} ({})\n  hint: {}\n", entry(*fault).text, name(*fault), entry(*fault).mend);
  if (!header.empty()) out += "header\n" + indented(header);
  if (!claims.empty()) out += "claims\n" + indented(claims);
  if (!times.empty()) out += "times\n";
  for (const TokenTime& t : times) out += fmt::format("  {} {}: {}\n", t.claim, printable(t.stands), t.words);
  for (const std::string& r : remarks) out += "note: " + r + "\n";
  return out;
}

std::string TokenReport::json() const {
  std::string out = fmt::format("{{\"verified\":false,\"bytes\":{},\"fault\":", bytes);
  out += fault ? fmt::format("\"{}\"", name(*fault)) : "null";
  out += ",\"header\":" + (header.empty() ? "null" : header) + ",\"claims\":" + (claims.empty() ? "null" : claims) +
         ",\"times\":{";
  for (std::size_t i = 0; i < times.size(); ++i) {
    out += fmt::format("{}\"{}\":{{\"seconds\":{},\"words\":", i ? "," : "", times[i].claim,
                       times[i].seconds ? std::to_string(*times[i].seconds) : "null");
    append_json_string(out, times[i].words);
    out += '}';
  }
  out += "},\"notes\":[";
  for (std::size_t i = 0; i < remarks.size(); ++i) {
    if (i) out += ',';
    append_json_string(out, remarks[i]);
  }
  return out + "]}\n";
}

}  // namespace sallyport::cli
