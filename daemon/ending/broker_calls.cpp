#include "daemon/ending/broker_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "codec/json.h"

namespace sallyport::daemon {
namespace {

// What a status says where it is none that was hoped for.
EndResult otherwise(const ApiAnswer& answer, std::string& cause) {
  if (answer.status == 0) {
    cause = answer.fault;
    return EndResult::away;
  }
  if (answer.status == 401 || answer.status == 403) {
    cause =
        fmt::format("it answers {}: the user or the password of its API is wrong, or may not do this", answer.status);
    return EndResult::away;
  }
  cause = fmt::format("it answers {}", answer.status);
  // This one client may be what it cannot bear; everything else is said again later.
  return answer.status == 400 || answer.status == 414 || answer.status == 422 ? EndResult::refused : EndResult::away;
}

std::string_view text_at(const JsonValue& object, std::string_view pointer) {
  const std::optional<JsonValue> value = object.at_pointer(pointer);
  return value ? value->string().value_or("") : std::string_view();
}

// -- RabbitMQ: the connections of a user, then those of this client, one by one.
//
// Which connections a user has is known at once (tracking); who is behind one only after the next round of statistics,
// five seconds at most. 3.10 writes one member twice where it lists whole connections: only what is needed is asked
// for.

constexpr std::size_t kFewConnections = 20;
constexpr JsonLimits kListLimits{.max_bytes = kMostApiBytes, .max_depth = 16, .max_nodes = 4 * 1024 * 1024};

// Where the versions have the client id: 3.10 in both, 4.x (read in its code) in the second.
constexpr std::string_view kClientIdAt[] = {"variable_map.client_id", "client_properties.client_id"};

struct RabbitConnection {
  std::string name;
  bool is_mqtt = false;
  std::optional<std::string> client_id;
};

std::optional<RabbitConnection> read_connection(const JsonValue& value, const EndedClient& client) {
  if (text_at(value, "/vhost") != client.tenant) return std::nullopt;
  const std::string_view user = text_at(value, "/user");
  if (!user.empty() && user != client.username) return std::nullopt;
  RabbitConnection out;
  out.name = text_at(value, "/name");
  out.is_mqtt = text_at(value, "/protocol").find("MQTT") != std::string_view::npos;
  for (const std::string_view place : {"/variable_map/client_id", "/client_properties/client_id"})
    if (const std::optional<JsonValue> id = value.at_pointer(place); id && id->is_string() && !out.client_id)
      out.client_id = std::string(id->text());
  return out;
}

// A list, by path: what is in it of this user and vhost.
EndResult list_connections(const std::string& path, const EndedClient& client, const AskApi& ask,
                           std::vector<RabbitConnection>& out, std::string& cause) {
  ApiAnswer answer = ask("GET", path);
  if (answer.status == 404) return EndResult::absent;
  if (answer.status != 200) return otherwise(answer, cause);
  JsonTape tape;
  if (tape.parse(answer.body.data(), answer.body.size(), kListLimits) != JsonError::none || !tape.root().is_array()) {
    cause = "its list of connections cannot be read";
    return EndResult::away;
  }
  for (JsonValue::Cursor c = tape.root().begin(); c.valid(); c.advance())
    if (auto one = read_connection(c.value(), client)) out.push_back(std::move(*one));
  return out.empty() ? EndResult::absent : EndResult::ended;
}

// Few connections are looked at one by one; a user who has many, a whole fleet, in a list of all.
EndResult look_at_each(const EndedClient& client, const AskApi& ask, std::vector<RabbitConnection>& found,
                       bool& unclear, std::string& cause) {
  std::vector<RabbitConnection> seen;
  for (const RabbitConnection& one : found) {
    ApiAnswer answer = ask("GET", "/api/connections/" + percent_encode(one.name));
    unclear = unclear || answer.status == 404;
    if (answer.status == 404) continue;
    if (answer.status != 200) return otherwise(answer, cause);
    JsonTape tape;
    if (tape.parse(answer.body.data(), answer.body.size(), kListLimits) != JsonError::none) {
      cause = "its account of a connection cannot be read";
      return EndResult::away;
    }
    if (auto whole = read_connection(tape.root(), client)) seen.push_back(std::move(*whole));
  }
  found = std::move(seen);
  return EndResult::ended;
}

EndResult look_at_all(const EndedClient& client, const AskApi& ask, std::vector<RabbitConnection>& found, bool& unclear,
                      std::string& cause) {
  const std::size_t known = found.size();
  for (const std::string_view column : kClientIdAt) {
    found.clear();
    const EndResult result = list_connections(
        fmt::format("/api/connections?columns=name,vhost,user,protocol,{}", column), client, ask, found, cause);
    if (result == EndResult::away || result == EndResult::refused) return result;
    if (std::any_of(found.begin(), found.end(), [](const RabbitConnection& c) { return c.client_id.has_value(); }))
      break;
  }
  unclear = found.size() < known;
  return EndResult::ended;
}

EndResult end_in_rabbitmq(const EndedClient& client, const AskApi& ask, std::string& cause) {
  std::vector<RabbitConnection> found;
  const std::string of_user = "/api/connections/username/" + percent_encode(client.username);
  if (const EndResult result = list_connections(of_user, client, ask, found, cause); result != EndResult::ended)
    return result;
  bool unclear = false;
  const EndResult looked = found.size() <= kFewConnections ? look_at_each(client, ask, found, unclear, cause)
                                                           : look_at_all(client, ask, found, unclear, cause);
  if (looked != EndResult::ended) return looked;
  bool ended = false;
  for (const RabbitConnection& one : found) {
    // MQTT without its client id, or with nothing known yet; AMQP has none, and is meant by an empty one.
    unclear = unclear || (one.is_mqtt && !one.client_id);
    if (one.is_mqtt == client.client_id.empty() || one.client_id.value_or("") != client.client_id) continue;
    const ApiAnswer answer = ask("DELETE", "/api/connections/" + percent_encode(one.name));
    if (answer.status != 204 && answer.status != 200 && answer.status != 404) return otherwise(answer, cause);
    ended = true;
  }
  if (ended) return EndResult::ended;
  if (unclear) cause = "it does not say which connection is this client's";
  return unclear ? EndResult::unclear : EndResult::absent;
}

// -- EMQX and VerneMQ: one question

EndResult end_by_one(const std::string& method, const std::string& path, const AskApi& ask, std::string& cause) {
  const ApiAnswer answer = ask(method, path);
  if (answer.status == 404) return EndResult::absent;
  if (answer.status == 200 || answer.status == 204) return EndResult::ended;
  return otherwise(answer, cause);
}

EndResult end_in_emqx4(const EndedClient& client, const AskApi& ask, std::string& cause) {
  const ApiAnswer answer = ask("DELETE", "/api/v4/clients/" + percent_encode(client.client_id));
  if (answer.status == 404) return EndResult::absent;
  if (answer.status != 200) return otherwise(answer, cause);
  // Its answers are all 200; a code says which.
  std::string body = answer.body;
  JsonTape tape;
  if (tape.parse(body.data(), body.size()) != JsonError::none) {
    cause = "its answer cannot be read";
    return EndResult::away;
  }
  const std::optional<JsonValue> code = tape.root().find("code");
  return code && code->integer() == 0 ? EndResult::ended : EndResult::absent;
}

EndResult end_in_vernemq(const EndedClient& client, const AskApi& ask, std::string& cause) {
  std::string path = "/api/v1/session/disconnect?client-id=" + percent_encode(client.client_id);
  if (!client.tenant.empty()) path += "&--mountpoint=" + percent_encode(client.tenant);
  return end_by_one("GET", path, ask, cause);
}

}  // namespace

std::string_view name(EndCause cause) noexcept {
  switch (cause) {
    case EndCause::expired:
      return "expired";
    case EndCause::revoked:
      return "revoked";
    case EndCause::user_gone:
      return "user_gone";
    case EndCause::by_operator:
      return "by_operator";
  }
  return "expired";
}

std::string percent_encode(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

EndResult end_client(std::string_view kind, const EndedClient& client, const AskApi& ask, std::string& cause) {
  // RabbitMQ's AMQP clients have a name alone; elsewhere a client is its id.
  const std::string& key = kind == "rabbitmq" ? client.username : client.client_id;
  if (key.empty() || key == "." || key == "..") {
    cause = "its API cannot name this client";
    return EndResult::refused;
  }
  if (kind == "rabbitmq") return end_in_rabbitmq(client, ask, cause);
  if (kind == "emqx") return end_by_one("DELETE", "/api/v5/clients/" + percent_encode(client.client_id), ask, cause);
  if (kind == "emqx4") return end_in_emqx4(client, ask, cause);
  if (kind == "vernemq") return end_in_vernemq(client, ask, cause);
  cause = "no such kind of broker";
  return EndResult::refused;
}

}  // namespace sallyport::daemon
