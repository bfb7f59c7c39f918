#include "auth/session_query.h"

#include <algorithm>

#include "bars/bar.h"
#include "bars/bar_list.h"

namespace sallyport {
namespace {

constexpr const char* kHint =
    "--where NAME=VALUE with client_id, username, principal (* and ? are patterns), address (a network), issuer, kid, "
    "key, jti, or authenticator (password or jwt)";
constexpr std::size_t kMaxConditions = 32;

}  // namespace

Result<SessionQuery> SessionQuery::parse(const std::vector<std::string>& conditions) {
  // Nobody means everybody by saying nothing.
  if (conditions.empty()) return unexpected(invalid("no condition says which sessions are meant", kHint));
  if (conditions.size() > kMaxConditions) return unexpected(invalid("there are more than 32 conditions", ""));
  SessionQuery out;
  for (const std::string& text : conditions) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size())
      return unexpected(invalid("a condition is no NAME=VALUE", kHint));
    Result<Condition> one = read(std::string_view(text).substr(0, equals), std::string_view(text).substr(equals + 1));
    if (!one) return unexpected(one.error());
    out.conditions_.push_back(std::move(*one));
  }
  return out;
}

Result<SessionQuery::Condition> SessionQuery::read(std::string_view name, std::string_view value) {
  using Field = Condition::Field;
  Condition out;
  const auto pattern = [&](Field field) {
    out.field = field;
    out.pattern = value;
    return out;
  };
  const auto mark = [&](Field field, const Mark& of_value) {
    out.field = field;
    out.mark = of_value;
    return out;
  };
  if (name == "client_id") return pattern(Field::client_id);
  if (name == "username") return pattern(Field::username);
  if (name == "principal") return pattern(Field::principal);
  if (name == "issuer") return mark(Field::issuer, issuer_mark(value));
  if (name == "kid") return mark(Field::kid, token_mark(BarKind::key_id, value));
  if (name == "jti") return mark(Field::jti, token_mark(BarKind::jti, value));
  if (name == "key") return mark(Field::key, key_mark(value));
  if (name == "address") {
    const std::optional<IpRange> range = IpRange::parse(value);
    if (!range) return unexpected(invalid("the address is neither an IP address nor a network in CIDR form", kHint));
    out.field = Field::address;
    out.range = *range;
    return out;
  }
  if (name == "authenticator" && (value == "password" || value == "jwt")) {
    out.field = Field::authenticator;
    out.authenticator = value == "jwt" ? Authenticator::jwt : Authenticator::password;
    return out;
  }
  return unexpected(invalid("a condition has a name or a value that is not known", kHint));
}

bool SessionQuery::holds(const Condition& c, const SessionFacts& s) noexcept {
  using Field = Condition::Field;
  static const TokenMarks none;
  const TokenMarks& marks = s.marks ? *s.marks : none;
  switch (c.field) {
    case Field::client_id:
      return matches_pattern(c.pattern, s.client_id);
    case Field::username:
      return matches_pattern(c.pattern, s.username);
    case Field::principal:
      return matches_pattern(c.pattern, s.principal);
    case Field::address: {
      const std::optional<IpAddress> address = parse_ip_address(s.address);
      return address && c.range.contains(*address);
    }
    case Field::authenticator:
      return s.authenticator == c.authenticator;
    case Field::issuer:
      return marks.issuer == c.mark;
    case Field::kid:
      return marks.key_id == c.mark;
    case Field::key:
      return marks.key == c.mark;
    case Field::jti:
      return marks.jti == c.mark;
  }
  return false;
}

bool SessionQuery::asks_for_address() const noexcept {
  return std::any_of(conditions_.begin(), conditions_.end(),
                     [](const Condition& c) { return c.field == Condition::Field::address; });
}

bool SessionQuery::matches(const SessionFacts& session) const noexcept {
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& c) { return holds(c, session); });
}

}  // namespace sallyport
