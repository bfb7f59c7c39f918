#include "engine/decision_log.h"

#include <algorithm>

#include "codec/json.h"
#include "crypto/digest.h"
#include "jose/verification_key.h"

namespace sallyport {
namespace {
constexpr std::size_t kMaxShown = 128;
constexpr char kHex[] = "0123456789abcdef";

// Bytes of the valid, printable UTF-8 sequence at `at`, or 0.
std::size_t printable_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char c = byte(at);
  if (c < 0x80) return c >= 0x20 && c != 0x7f && c != '"' && c != '\\' ? 1 : 0;
  const std::size_t need = c >= 0xc2 && c <= 0xdf ? 2 : (c >> 4) == 14 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (need == 0 || at + need > text.size()) return 0;
  for (std::size_t k = 1; k < need; ++k)
    if ((byte(at + k) >> 6) != 2) return 0;
  if (need == 2 && c == 0xc2 && byte(at + 1) < 0xa0) return 0;  // C1 controls
  // U+2028, U+2029 end lines and U+202A..E, U+2066..9 turn them around.
  if (c == 0xe2 && (byte(at + 1) == 0x80 && byte(at + 2) >= 0xa8 && byte(at + 2) <= 0xae)) return 0;
  if (c == 0xe2 && (byte(at + 1) == 0x81 && byte(at + 2) >= 0xa6 && byte(at + 2) <= 0xa9)) return 0;
  return need;
}
}  // namespace

std::string loggable(std::string_view text) {
  std::string out;
  const bool cut = text.size() > kMaxShown;
  text = text.substr(0, kMaxShown);
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t n = printable_at(text, i)) {
      out.append(text.substr(i, n));
      i += n;
    } else {
      const auto c = static_cast<unsigned char>(text[i++]);
      out += "\\x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  if (cut) out += "...";
  return out;
}

bool looks_like_token(std::string_view text) noexcept {
  if (text.size() >= 20 && text.starts_with("eyJ")) return true;
  const auto dots = std::count(text.begin(), text.end(), '.');
  return text.size() >= 40 && (dots == 2 || dots == 4);
}

std::string fingerprint(std::string_view token) {
  const auto digest = sha256(token);
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto c = static_cast<unsigned char>(digest[i]);
    out += kHex[c >> 4];
    out += kHex[c & 15];
  }
  return out;
}

std::string shown_name(std::string_view username) {
  return looks_like_token(username) ? "token " + fingerprint(username) : std::string(username);
}

void DecisionLog::line(LogLevel level, std::string_view text) {
  if (!sink_ || level < level_.load(std::memory_order_relaxed)) return;
  if (format_.load(std::memory_order_relaxed) == LogFormat::text) return sink_(level, text);
  std::string json = "{\"level\":\"";
  json.append(name(level)).append("\",\"message\":");
  append_json_string(json, text);
  json += '}';
  sink_(level, json);
}

void DecisionLog::decision(const ConnectAttempt& attempt, const Decision& d, const Moment& now,
                           std::string_view username, std::string_view token_fingerprint, std::string_view topic,
                           bool ended) {
  if (!sink_) return;
  const bool refusal = d.verdict == Verdict::deny || d.verdict == Verdict::unavailable;
  const LogLevel level = refusal ? LogLevel::notice : LogLevel::debug;
  if (level < level_.load(std::memory_order_relaxed)) return;
  if (refusal && (!per_source_.take(attempt.peer.address, now.monotonic_ms) || !all_.take("", now.monotonic_ms))) {
    metrics_.suppressed_log_lines.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::string client_id = loggable(attempt.client_id.value_or(std::string_view{}));
  const std::string user = loggable(username);
  const std::string address = loggable(attempt.peer.address);
  const std::string key = d.key ? loggable(d.key->label()) : std::string();
  std::string out;
  if (format_.load(std::memory_order_relaxed) == LogFormat::json) {
    const auto member = [&](std::string_view n, std::string_view v) {
      out += out.empty() ? "{" : ",";
      append_json_string(out, n);
      out += ':';
      append_json_string(out, v);
    };
    member("level", name(level));
    member("event", "decision");
    member("verdict", name(d.verdict));
    member("reason", name(d.reason));
    member("authenticator", name(d.authenticator));
    member("client_id", client_id);
    member("username", user);
    member("address", address);
    if (!key.empty()) member("key", key);
    if (!topic.empty()) member("topic", loggable(topic));
    if (!token_fingerprint.empty()) member("token", token_fingerprint);
    out += '}';
  } else {
    constexpr std::string_view kVerbs[] = {"admitted", "refused", "handed on", "could not decide on"};
    out.append(ended || d.reason == Reason::session_ended ? "sent away"
               : d.reason == Reason::topic_denied         ? "denied a topic to"
               : d.reason == Reason::renewed              ? "renewed"
                                                          : kVerbs[static_cast<std::size_t>(d.verdict)])
        .append(" client \"")
        .append(client_id)
        .append("\" user \"")
        .append(user);
    out.append("\" from ").append(address.empty() ? std::string_view("an unknown address") : std::string_view(address));
    out.append(": ").append(name(d.reason));
    if (!topic.empty()) out.append(", topic \"").append(loggable(topic)).append("\"");
    if (!key.empty()) out.append(", key ").append(key);
    if (!token_fingerprint.empty()) out.append(", token ").append(token_fingerprint);
  }
  sink_(level, out);
}

}  // namespace sallyport
