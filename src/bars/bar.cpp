#include "bars/bar.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/utf8.h"
#include "rules/ip_range.h"

namespace sallyport {
namespace {

constexpr BarKind kKinds[] = {
    BarKind::jti,      BarKind::principal,        BarKind::key_id, BarKind::client_id, BarKind::client_id_pattern,
    BarKind::username, BarKind::username_pattern, BarKind::address};

constexpr std::int64_t kWrongClock = 86'400;

Result<void> check_text(std::string_view text, std::size_t most, std::string_view what) {
  if (text.size() > most) return unexpected(invalid(fmt::format("the {} is longer than {} bytes", what, most)));
  if (text.find('\0') != std::string_view::npos)
    return unexpected(invalid(fmt::format("the {} has a NUL character in it", what)));
  if (!is_utf8(text)) return unexpected(invalid(fmt::format("the {} is not UTF-8", what)));
  return {};
}

}  // namespace

std::string_view name(BarKind kind) noexcept {
  switch (kind) {
    case BarKind::jti:
      return "jti";
    case BarKind::principal:
      return "principal";
    case BarKind::key_id:
      return "kid";
    case BarKind::client_id:
    case BarKind::client_id_pattern:
      return "client_id";
    case BarKind::username:
    case BarKind::username_pattern:
      return "username";
    case BarKind::address:
      return "address";
  }
  return "";
}

bool is_pattern(BarKind kind) noexcept {
  return kind == BarKind::client_id_pattern || kind == BarKind::username_pattern;
}

std::optional<BarKind> bar_kind_from_number(std::int64_t number) noexcept {
  for (const BarKind kind : kKinds)
    if (static_cast<std::int64_t>(kind) == number) return kind;
  return std::nullopt;
}

std::optional<BarKind> bar_kind_from_name(std::string_view wanted, bool pattern) noexcept {
  for (const BarKind kind : kKinds)
    if (name(kind) == wanted && is_pattern(kind) == pattern) return kind;
  return std::nullopt;
}

Result<void> check_bar(BarRecord& bar) {
  if (bar.value.empty()) return unexpected(invalid(fmt::format("the {} is empty", name(bar.kind))));
  if (Result<void> fine = check_text(bar.value, kMaxBarValue, name(bar.kind)); !fine) return fine;
  if (Result<void> fine = check_text(bar.issuer, kMaxBarIssuer, "issuer"); !fine) return fine;
  if (Result<void> fine = check_text(bar.why, kMaxBarWhy, "reason"); !fine) return fine;
  if (class_of(bar.kind) == BarClass::block && (!bar.issuer.empty() || bar.issued_before != kForever))
    return unexpected(invalid("a block has no issuer and no time of issue", "revoke the tokens instead"));
  if (bar.kind == BarKind::address) {
    const std::optional<IpRange> range = IpRange::parse(bar.value);
    if (!range)
      return unexpected(invalid("the address is neither an IP address nor a network in CIDR form",
                                "192.0.2.7, 10.0.0.0/8 or 2001:db8::/32"));
    bar.value = range->to_text();
  }
  // One that fits everybody is a mistake of the shell's more often than a wish.
  if (is_pattern(bar.kind) && bar.value.find_first_not_of('*') == std::string::npos)
    return unexpected(invalid("the pattern fits everybody", "write what all of them begin with, such as meter-*"));
  return {};
}

bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, from = 0;  // the last '*', and where what it stands for ends
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && (escaped ? pattern[p + 1] == text[t] : pattern[p] == '?' || pattern[p] == text[t])) {
      p += escaped ? 2 : 1;
      ++t;
      continue;
    }
    if (star == std::string_view::npos) return false;
    p = star + 1;
    t = ++from;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<UnixSeconds> last_of_its_tokens(const BarRecord& bar, std::int64_t max_lifetime, std::int64_t leeway) {
  UnixSeconds issued = 0;
  switch (bar.kind) {
    case BarKind::jti:
      // Whoever names a token has seen it: it was issued by now.
      issued = bar.issued_before == kForever ? bar.created_at : std::min(bar.issued_before, bar.created_at);
      break;
    case BarKind::principal:
    case BarKind::key_id:
      // Without a time it bars tokens of tomorrow, too: a stolen key signs on.
      if (bar.issued_before == kForever) return std::nullopt;
      issued = bar.issued_before;
      break;
    case BarKind::client_id:
    case BarKind::client_id_pattern:
    case BarKind::username:
    case BarKind::username_pattern:
    case BarKind::address:
      return std::nullopt;
  }
  UnixSeconds last = issued;
  for (const std::int64_t more : {max_lifetime, leeway, kWrongClock})
    if (__builtin_add_overflow(last, more, &last)) return std::nullopt;
  return last;
}

}  // namespace sallyport
