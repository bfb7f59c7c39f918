// One question, one answer, one line each, both JSON objects, over a Unix socket:
//
//   {"verb":"why","client_id":"meter-7"}
//   {"ok":true,"result":{…}}   or   {"ok":false,"error":{"kind":"not_found","cause":"…","hint":"…"}}
//
// A question asks about this one process; none changes the law. Two act on it: session_end, and let_go, which lifts
// what guessing has slowed.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace sallyport::control {

inline constexpr std::size_t kMaxRequestBytes = 64 * 1024;
inline constexpr std::size_t kMaxReplyBytes = 16 * 1024 * 1024;

// A line as it came, without its newline; must be an object with a text `verb`.
Result<nlohmann::json> parse_request(std::string_view line);
// The line to send, newline and all.
std::string reply_line(const Result<nlohmann::json>& outcome);
// What a reply says: its result, or its error as it was at the other end.
Result<nlohmann::json> parse_reply(std::string_view line);

// A member's text; empty where there is none, or it is no text.
std::string text_member(const nlohmann::json& object, const char* name);
// One line, whatever bytes are inside (invalid UTF-8 becomes U+FFFD).
std::string to_line(const nlohmann::json& value);

}  // namespace sallyport::control
