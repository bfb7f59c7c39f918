// Tokens for devices, with keys that are marked for issuing.
#include "admin/token_issuer.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {
namespace {
constexpr std::size_t kMostClients = 10'000;
}

Outcome list_issuing_keys(ApiDesk& desk, const Call&) {
  Json items = Json::array();
  for (const IssuingKeySetting& setting : desk.house().options.settings.issuing) {
    const Result<TokenIssuer> issuer = TokenIssuer::open(setting);
    if (!issuer) continue;  // nothing can be issued with it
    items.push_back({{"name", setting.name},
                     {"algorithm", issuer->algorithm()},
                     {"kid", issuer->kid().empty() ? Json() : Json(issuer->kid())},
                     {"issuer", setting.issuer.empty() ? Json() : Json(setting.issuer)},
                     {"max_lifetime", setting.max_lifetime}});
  }
  return reply({{"items", std::move(items)}});
}

Outcome issue_tokens(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string key = members.text("key");
  const std::optional<std::int64_t> lifetime = members.integer("lifetime", 1, 3650LL * 86'400);
  const Json* given = members.any("claims");
  const Json* clients = members.any("clients");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (!lifetime) return unexpected(problem(400, "invalid", "lifetime is missing", "", "lifetime"));
  const Json claims = given ? *given : Json::object();
  if (!claims.is_object()) return unexpected(problem(400, "invalid", "claims is no object", "", "claims"));
  if (!clients || !clients->is_array() || clients->empty() || clients->size() > kMostClients)
    return unexpected(problem(400, "invalid", "clients is no list of 1 to 10000 clients", "", "clients"));

  const auto& keys = desk.house().options.settings.issuing;
  const auto setting = std::find_if(keys.begin(), keys.end(), [&](const auto& one) { return one.name == key; });
  if (setting == keys.end())
    return unexpected(problem(404, "not_found", "no key of that name is marked for issuing",
                              "mark one in the settings file: [[console.issuing]]", "key"));
  if (*lifetime > setting->max_lifetime)
    return unexpected(problem(
        422, "invalid",
        "the lifetime is longer than the " + std::to_string(setting->max_lifetime) + " s that this key may give",
        "raise max_lifetime under [[console.issuing]]", "lifetime"));
  const Result<TokenIssuer> issuer = TokenIssuer::open(*setting);
  if (!issuer) return unexpected(problem_of(issuer.error(), "key"));

  const UnixSeconds now = desk.house().engine.clock().unix_seconds();
  Json items = Json::array();
  for (const Json& client : *clients) {
    if (!client.is_object()) return unexpected(problem(400, "invalid", "a client is no object", "", "clients"));
    Members fields(client);
    TokenIssuer::Holder holder;
    holder.sub = fields.text("sub", true, 1);
    holder.username = fields.maybe_text("username").value_or("");
    holder.client_id = fields.maybe_text("client_id").value_or("");
    if (auto fault = fields.fault()) return unexpected(*fault);
    Result<std::string> token = issuer->issue(holder, claims, now, now + *lifetime);
    if (!token) return unexpected(problem_of(token.error(), "claims"));
    items.push_back({{"sub", holder.sub},
                     {"username", holder.username.empty() ? Json() : Json(holder.username)},
                     {"client_id", holder.client_id.empty() ? Json() : Json(holder.client_id)},
                     {"token", std::move(*token)},
                     {"expires_at", now + *lifetime}});
  }
  Reply out = reply({{"items", std::move(items)}}, 201);
  out.subject = key;
  out.detail = std::to_string(clients->size()) + " tokens of " + std::to_string(*lifetime) + " s, the first for " +
               clients->front().value("sub", "");
  return out;
}

}  // namespace sallyport::daemon
