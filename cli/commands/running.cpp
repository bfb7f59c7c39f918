// Questions to a running broker, on its control socket: status, reload, metrics, why.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/commands/remote.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/running_gate.h"

namespace sallyport::cli {
namespace {
using nlohmann::json;

struct RunningOptions {
  std::string config;
  ServerPlace server;
  bool json = false;
  std::optional<std::string> client_id;
  std::optional<int> last;
};

std::string moment(std::int64_t at) {
  const std::time_t t = static_cast<std::time_t>(at);
  std::tm utc{};
  char buffer[40] = {};
  if (!gmtime_r(&t, &utc) || std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
    return std::to_string(at);
  return buffer;
}
void line(std::string_view label, std::string_view value) { fmt::print("  {:<10}{}\n", label, value); }

// -- status

std::string jwt_line(const json& jwt) {
  std::string out = yes(jwt, "enabled") ? "on, token from the " + text(jwt, "from") : "off";
  const auto keys = texts(member(jwt, "keys"));
  out += keys.empty()
             ? ", no keys"
             : fmt::format(", {} {}: {}", keys.size(), keys.size() == 1 ? "key" : "keys", fmt::join(keys, ", "));
  return out;
}

void print_health(const json& health) {
  const auto causes = texts(member(health, "not_ready")), degraded = texts(member(health, "degraded"));
  line("health", !yes(health, "ready") ? "alive, not ready"
                 : degraded.empty()    ? "alive, ready"
                                       : "alive, ready, degraded");
  for (const std::string& cause : causes) line("", "not ready: " + cause);
  for (const std::string& cause : degraded) line("", "degraded: " + cause);
}

void status(const RunningOptions& options) {
  if (options.server.given()) return remote_status(options.server, options.json);
  const json s = ask_running(options.config, {{"verb", "status"}}, options.json);
  if (options.json) return print_reply(s);
  const json host = member(s, "host");
  fmt::print("sallyport {}{}\n", text(s, "version"), text(host, "broker").empty() ? "" : " in " + text(host, "broker"));
  print_health(member(s, "health"));
  const json revision = member(s, "revision");
  line("settings",
       fmt::format("{}{}, in force since {}", text(s, "config_file"),
                   revision.is_number_integer() ? fmt::format(" and revision {}", revision.get<std::int64_t>()) : "",
                   moment(number(s, "loaded_at"))));
  if (yes(s, "settings_file_changed")) {
    line("", "the file differs from what is in force and was not applied");
    line("", "hint: sallyport reload --config " + printable(options.config));
  }
  line("gate", fmt::format("mode {}, no_match {}", text(s, "mode"), text(s, "no_match")));
  const std::int64_t users = number(s, "users"), weak = number(s, "weak_hashes");
  line("password", fmt::format("{}, {} {}{}{}", yes(member(s, "password"), "enabled") ? "on" : "off", users,
                               users == 1 ? "user" : "users", weak ? fmt::format(", {} with weak hashes", weak) : "",
                               yes(s, "users_ready") ? "" : ", not loaded"));
  line("jwt", jwt_line(member(s, "jwt")));
  const json topics = member(s, "topics");
  const std::int64_t rules = number(topics, "rules");
  if (!topics.empty())
    line("topics", fmt::format("token, then {} {} of the settings, then no_match {}", rules,
                               rules == 1 ? "rule" : "rules", text(topics, "no_match")));
  // The daemon's [[brokers]]: whether each lets its connections be ended.
  for (const auto& [name, value] : host.items())
    if (name.starts_with("broker ") && value.is_string())
      line("broker", printable(name.substr(7) + ": " + value.get<std::string>()));
  line("bars", fmt::format("{} revocations, {} blocks", number(s, "revocations"), number(s, "blocks")));
  if (const std::int64_t thefts = number(s, "suspected_thefts"); thefts > 0) {
    line("theft", fmt::format("{} times one token was used from two places at once", thefts));
    const json list = member(s, "thefts");
    for (std::size_t i = 0; list.is_array() && i < std::min<std::size_t>(list.size(), 3); ++i)
      line("", fmt::format("{}: client \"{}\" from {} and client \"{}\" from {}", moment(number(list[i], "at")),
                           text(list[i], "client_id"), text(list[i], "address"), text(list[i], "other_client_id"),
                           text(list[i], "other_address")));
  }
  if (!text(host, "admitted").empty())
    line("clients", fmt::format("{} admitted, {} handed on, {} never judged", text(host, "admitted"),
                                text(host, "handed_on"), text(host, "not_ours")));
  std::vector<std::string> set;
  for (const json& v : member(s, "settings"))
    if (text(v, "origin") != "default")
      set.push_back(fmt::format("{} = {}  ({})", text(v, "name"), text(v, "value"), text(v, "place")));
  for (std::size_t i = 0; i < set.size(); ++i) line(i ? "" : "set", set[i]);
}

// -- reload

std::string error_text(const json& e) {
  std::string out = text(e, "place");
  if (!out.empty()) out += ": ";
  out += text(e, "cause");
  if (!text(e, "hint").empty()) out += "\n  hint: " + text(e, "hint");
  return out;
}

void reload(const RunningOptions& options) {
  const json outcome = ask_running(options.config, {{"verb", "reload"}}, options.json);
  const bool applied = yes(outcome, "applied");
  if (options.json) {
    print_reply(outcome);
  } else {
    for (const json& w : member(outcome, "warnings")) fmt::print(stderr, "warning: {}\n", error_text(w));
    for (const json& f : member(outcome, "faults")) fmt::print(stderr, "sallyport: {}\n", error_text(f));
    if (applied)
      fmt::print("the settings are in force\n");
    else
      fmt::print(stderr, "sallyport: the settings do not load; the old ones stay in force\n");
  }
  if (!applied) throw ExitWith{kRefused};
}

// -- metrics

void metrics(const RunningOptions& options) {
  const json reply = ask_running(options.config, {{"verb", "metrics"}}, options.json);
  if (options.json) return print_reply(reply);
  const json page = member(reply, "text");
  if (page.is_string()) std::fputs(page.get_ref<const std::string&>().c_str(), stdout);
}

// -- why

std::string verdict_words(const std::string& verdict, const std::string& reason) {
  if (reason == "session_ended") return "sent away";
  if (reason == "topic_denied") return "denied a topic";
  if (verdict == "allow") return "admitted";
  if (verdict == "deny") return "refused";
  if (verdict == "ignore") return "handed on";
  return "could not be decided on";
}

void print_decision(const json& d) {
  fmt::print("client \"{}\" {}: {}\n", text(d, "client_id"), verdict_words(text(d, "verdict"), text(d, "reason")),
             text(d, "reason"));
  line("when", moment(number(d, "at")));
  line("from", text(d, "address").empty() ? "an address that is not known" : text(d, "address"));
  line("user name", text(d, "username").empty() ? "none" : text(d, "username"));
  if (!text(d, "token").empty()) line("token", "fingerprint " + text(d, "token"));
  if (!text(d, "principal").empty()) line("principal", text(d, "principal"));
  if (!text(d, "key").empty()) line("key", text(d, "key"));
  if (member(d, "expires_at").is_number_integer()) line("expires", moment(number(d, "expires_at")));
  line("because", text(d, "text"));
  const auto steps = texts(member(d, "explanation"));
  for (std::size_t i = 0; i < steps.size(); ++i) line(i ? "" : "steps", steps[i]);
  if (!text(d, "mend").empty()) line("to mend", text(d, "mend"));
}

void why(const RunningOptions& options) {
  json request{{"verb", "why"}};
  if (options.client_id) request["client_id"] = *options.client_id;
  if (options.last) request["last"] = *options.last;
  const json reply = options.server.given()
                         ? remote_decisions(options.server, options.client_id,
                                            options.last.value_or(options.client_id ? 20 : 1), options.json)
                         : ask_running(options.config, request, options.json);
  json list = member(reply, "decisions");
  if (!list.is_array() || list.empty()) {
    const std::string who = options.client_id
                                ? "no decision about client id \"" + printable(*options.client_id) + "\" is remembered"
                                : "no refusal is remembered";
    fail({ErrorKind::kNotFound, who, "only the last few thousand decisions since the broker's start are kept", ""},
         options.json);
  }
  // By client, without a number: the newest refusal, and whether he came in since.
  std::size_t shown = options.last ? list.size() : 1;
  json admitted_since;
  if (options.client_id && !options.last) {
    const auto refusal =
        std::find_if(list.begin(), list.end(), [](const json& d) { return text(d, "verdict") != "allow"; });
    if (refusal != list.end() && refusal != list.begin()) {
      admitted_since = list.front();
      list = json::array({*refusal});
    }
  }
  json out = json::array();
  for (std::size_t i = std::min(shown, list.size()); i-- > 0;) out.push_back(list[i]);  // newest last, as in a log
  if (options.json) return print_reply({{"decisions", std::move(out)}});
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i) fmt::print("\n");
    print_decision(out[i]);
  }
  if (!admitted_since.is_null())
    line("since", "admitted at " + moment(number(admitted_since, "at")) + ", " + text(admitted_since, "reason"));
}

CLI::App* add(CLI::App& app, const char* name, const char* what, const char* example, RunningOptions* options,
              void (*run)(const RunningOptions&), bool over_server = false) {
  CLI::App* command = app.add_subcommand(name, what);
  const char* config = "the settings file of the running broker's plugin";
  if (over_server)
    add_place_options(command, options->config, options->server, config);
  else
    command->add_option("--config", options->config, config)->required();
  command->add_flag("--json", options->json, "one JSON value");
  command->footer(example);
  command->callback([options, run] { run(*options); });
  return command;
}

}  // namespace

void add_running_commands(CLI::App& app) {
  static RunningOptions options;
  add(app, "status", "how a running broker's gate is: settings in force, keys, users, health",
      "Example: sallyport status --config /etc/sallyport/sallyport.toml", &options, status, true);
  add(app, "reload", "put the settings, keys and users as they are now into force in a running broker",
      "Example: sallyport reload --config /etc/sallyport/sallyport.toml", &options, reload);
  add(app, "metrics", "a running broker's counters as Prometheus text",
      "Example: sallyport metrics --config /etc/sallyport/sallyport.toml", &options, metrics);
  CLI::App* command =
      add(app, "why", "why a running broker's gate refused a client, step by step",
          "Example: sallyport why --client-id meter-7 --config /etc/sallyport/sallyport.toml", &options, why, true);
  auto* by_client =
      command->add_option("--client-id", options.client_id, "the client that was refused (its newest refusal)");
  auto* last = command->add_option("--last", options.last, "that many of the last refusals, the newest last")
                   ->check(CLI::Range(1, 1000));
  command->callback([by_client, last] {
    if (!by_client->count() && !last->count()) throw CLI::RequiredError("--client-id or --last");
    why(options);
  });
}

}  // namespace sallyport::cli
