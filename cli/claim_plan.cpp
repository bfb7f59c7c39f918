#include "cli/claim_plan.h"

#include <algorithm>

#include "codec/base64url.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "crypto/random.h"

namespace sallyport::cli {
namespace {

constexpr JsonLimits kClaimLimits{.max_bytes = 64 * 1024, .max_depth = 15, .max_nodes = 8 * 1024};

// A JSON value written out with the placeholders of its texts filled in; names stay as they are.
Result<void> append_filled(std::string& out, const JsonValue& v, const std::vector<std::string>& columns,
                           const Row& row) {
  if (v.is_string()) {
    const auto pattern = Template::parse(*v.string(), columns);
    if (!pattern) return unexpected(pattern.error());
    const auto text = pattern->render(row);
    if (!text) return unexpected(text.error());
    append_json_string(out, *text);
    return {};
  }
  if (!v.is_object() && !v.is_array()) {
    append_json_value(out, v);
    return {};
  }
  out += v.is_object() ? '{' : '[';
  bool first = true;
  for (auto c = v.begin(); c.valid(); c.advance(), first = false) {
    if (!first) out += ',';
    if (v.is_object()) {
      append_json_string(out, c.name());
      out += ':';
    }
    if (auto done = append_filled(out, c.value(), columns, row); !done) return done;
  }
  out += v.is_object() ? '}' : ']';
  return {};
}

Error bad_json(std::string_view where, JsonError e) {
  return invalid(std::string(where) + " is refused as JSON: " + std::string(to_text(e)));
}

}  // namespace

Result<Template> Template::parse(std::string_view text, const std::vector<std::string>& columns) {
  Template out;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) out.pieces_.push_back({std::exchange(literal, {}), std::nullopt});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size() || (text[i + 1] != '{' && text[i + 1] != '$')) {
      literal += text[i];
      continue;
    }
    if (text[++i] == '$') {
      literal += '$';
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) return unexpected(invalid("a ${ is not closed"));
    const std::string name(text.substr(i + 1, end - i - 1));
    const auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end())
      return unexpected(invalid("there is no column \"" + name + "\"",
                                columns.empty()
                                    ? "${column} needs --batch FILE; a plain ${ is written $${"
                                    : "the first line of the file names the columns; a plain ${ is written $${"));
    flush();
    out.pieces_.push_back({"", static_cast<std::size_t>(found - columns.begin())});
    i = end;
  }
  flush();
  return out;
}

bool Template::constant() const noexcept {
  return std::none_of(pieces_.begin(), pieces_.end(), [](const Piece& p) { return p.column.has_value(); });
}

Result<std::string> Template::render(const Row& row) const {
  std::string out;
  for (const Piece& p : pieces_) {
    if (!p.column) {
      out += p.text;
      continue;
    }
    const std::string& field = (*row.fields)[*p.column];
    if (field.empty())
      return unexpected(invalid("the column \"" + (*row.columns)[*p.column] + "\" is empty and a claim needs it",
                                "fill it in, or take the row out"));
    out += field;
  }
  return out;
}

Result<ClaimPlan> ClaimPlan::make(const ClaimSources& sources, const std::vector<std::string>& columns) {
  ClaimPlan plan;
  plan.columns_ = columns;
  plan.ttl_ = sources.ttl;
  plan.not_before_ = sources.not_before;
  plan.iat_ = sources.iat;
  plan.jti_ = sources.jti;
  std::optional<Error> fault;
  const auto add = [&](std::string name, Claim::Kind kind, std::string_view text) {
    if (fault) return;
    if (std::any_of(plan.claims_.begin(), plan.claims_.end(), [&](const Claim& c) { return c.name == name; })) {
      fault = invalid("the claim \"" + name + "\" is given twice");
      return;
    }
    if (!is_utf8(name) || !is_utf8(text)) {
      fault = invalid("a claim is not valid UTF-8");
      return;
    }
    Claim claim{std::move(name), kind, {}, {}};
    if (kind == Claim::Kind::json) {
      claim.json = text;
    } else {
      auto pattern = Template::parse(text, columns);
      if (!pattern) {
        fault = pattern.error();
        return;
      }
      claim.value = std::move(*pattern);
    }
    plan.claims_.push_back(std::move(claim));
  };
  if (!sources.claims_json.empty()) {
    std::string text = sources.claims_json;
    JsonTape tape;
    const JsonError e = tape.parse(text.data(), text.size(), kClaimLimits);
    if (e != JsonError::none) return unexpected(bad_json("--claims-json", e));
    if (!tape.root().is_object()) return unexpected(invalid("--claims-json is no JSON object"));
    for (auto c = tape.root().begin(); c.valid(); c.advance()) {
      std::string value;
      append_json_value(value, c.value());
      add(std::string(c.name()), Claim::Kind::json, value);
    }
  }
  if (!sources.subject.empty()) add("sub", Claim::Kind::text, sources.subject);
  if (!sources.issuer.empty()) add("iss", Claim::Kind::text, sources.issuer);
  if (sources.audience.size() == 1) add("aud", Claim::Kind::text, sources.audience[0]);
  if (sources.audience.size() > 1) {
    std::string list = "[";
    for (const std::string& a : sources.audience) {
      if (list.size() > 1) list += ',';
      append_json_string(list, a);
    }
    add("aud", Claim::Kind::json, list + "]");
  }
  for (const std::string& claim : sources.claims) {
    const std::size_t equals = claim.find('=');
    if (equals == std::string::npos || equals == 0 || claim[0] == ':')
      return unexpected(invalid("\"" + claim.substr(0, 40) + "\" is no claim",
                                "name=text, or name:=json for numbers, true, false, null, arrays and objects"));
    const bool json = claim[equals - 1] == ':';
    const std::string name = claim.substr(0, json ? equals - 1 : equals);
    const std::string value = claim.substr(equals + 1);
    if (!json) {
      add(name, Claim::Kind::text, value);
      continue;
    }
    const auto pattern = Template::parse(value, columns);
    if (pattern && pattern->single()) {  // the whole value is a column, which then holds JSON
      add(name, Claim::Kind::raw_json, value);
      continue;
    }
    std::string text = value;
    JsonTape tape;
    const JsonError e = tape.parse(text.data(), text.size(), kClaimLimits);
    if (e != JsonError::none) return unexpected(bad_json("the value of \"" + name + "\"", e));
    add(name, Claim::Kind::json, value);
  }
  if (fault) return unexpected(*std::move(fault));
  const auto has = [&](std::string_view name) {
    return std::any_of(plan.claims_.begin(), plan.claims_.end(), [&](const Claim& c) { return c.name == name; });
  };
  if (has("iat")) plan.iat_ = false;
  if (plan.ttl_ && has("exp")) return unexpected(invalid("both --ttl and a claim exp are given"));
  if (plan.not_before_ && has("nbf")) return unexpected(invalid("both --not-before and a claim nbf are given"));
  if (plan.jti_ && has("jti")) return unexpected(invalid("both --jti and a claim jti are given"));
  // Placeholders inside JSON are looked at now, so that a column that is missing is said once and not for each row.
  std::vector<std::string> probe_fields(columns.size(), "0");
  const Row probe{&columns, &probe_fields};
  if (const auto tried = plan.payload(probe, 0); !tried) return unexpected(tried.error());
  return plan;
}

Result<std::string> ClaimPlan::payload(const Row& row, UnixSeconds now) const {
  std::string out = "{";
  const auto name = [&out](std::string_view n) {
    if (out.size() > 1) out += ',';
    append_json_string(out, n);
    out += ':';
  };
  for (const Claim& claim : claims_) {
    name(claim.name);
    if (claim.kind == Claim::Kind::json) {
      std::string text = claim.json;
      JsonTape tape;
      if (const JsonError e = tape.parse(text.data(), text.size(), kClaimLimits); e != JsonError::none)
        return unexpected(bad_json("\"" + claim.name + "\"", e));
      if (auto done = append_filled(out, tape.root(), columns_, row); !done) return unexpected(done.error());
      continue;
    }
    auto text = claim.value.render(row);
    if (!text) return unexpected(text.error());
    if (claim.kind == Claim::Kind::text) {
      append_json_string(out, *text);
      continue;
    }
    JsonTape tape;
    if (const JsonError e = tape.parse(text->data(), text->size(), kClaimLimits); e != JsonError::none)
      return unexpected(bad_json("the column for \"" + claim.name + "\"", e));
    append_json_value(out, tape.root());
  }
  const auto number = [&](std::string_view n, std::int64_t value) {
    name(n);
    out += std::to_string(value);
  };
  if (iat_) number("iat", now);
  if (not_before_) number("nbf", now + *not_before_);
  if (ttl_) number("exp", now + *ttl_);
  if (jti_) {
    name("jti");
    append_json_string(out, encode_base64url(random_bytes(16)));
  }
  return out + "}";
}

}  // namespace sallyport::cli
