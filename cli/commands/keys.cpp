// Keys from the network: what a running broker has (list), fetching them now (refresh),
// and why they cannot be had (doctor).
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/command.h"
#include "cli/commands/remote.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/running_gate.h"
#include "cli/source_check.h"
#include "config/load.h"
#include "keys/key_source.h"

namespace sallyport::cli {
namespace {
using nlohmann::json;

struct KeysOptions {
  ServerPlace server;
  std::string config, url, ca_file, client_cert, client_key, proxy;
  std::optional<std::string> source;
  bool json = false, allow_http = false, discover = false;
  std::vector<std::string> allow_hosts;
  std::int64_t timeout = 5;
};

std::string span(std::int64_t seconds) {
  if (seconds < 0) seconds = 0;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return seconds < 172'800 ? fmt::format("{} h", seconds / 3600) : fmt::format("{} d", seconds / 86'400);
}
std::int64_t ago(const json& object, const char* name) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count() -
         number(object, name);
}

std::string algorithms(const json& key) {
  std::string out;
  for (const std::string& name : texts(member(key, "algorithms"))) out += (out.empty() ? "" : " ") + name;
  return out;
}

json keys_of(const KeysOptions& o) {
  return o.server.given() ? remote_keys(o.server, o.json) : ask_running(o.config, {{"verb", "keys"}}, o.json);
}

// -- list

void print_source(const json& s) {
  const std::string name = text(s, "name"), state = text(s, "state");
  fmt::print("{}{}: {}", name.empty() ? "jwks " : "issuer " + name + " ", text(s, "address"), state);
  if (state != "ready" && member(s, "failing_since").is_number()) fmt::print(" for {}", span(ago(s, "failing_since")));
  if (member(s, "confirmed_at").is_number()) fmt::print(", confirmed {} ago", span(ago(s, "confirmed_at")));
  if (yes(s, "from_disk")) fmt::print(", from the stored copy");
  if (yes(s, "in_flight"))
    fmt::print(", a refresh is under way");
  else if (number(s, "next_due_in_ms") >= 0)
    fmt::print(", next refresh in {}", span(number(s, "next_due_in_ms") / 1000));
  fmt::print("\n");
  const json& last = member(s, "last");
  if (last.is_object() && state != "ready") {
    fmt::print("  last error: {}: {}{}\n", text(last, "outcome"), text(last, "text"),
               text(last, "detail").empty() ? "" : " (" + text(last, "detail") + ")");
    if (!text(last, "mend").empty()) fmt::print("  hint: {}\n", text(last, "mend"));
  }
  if (!text(s, "vault_fault").empty()) fmt::print("  not kept for the next start: {}\n", text(s, "vault_fault"));
  std::vector<std::vector<std::string>> rows{{"  kid", "alg", "kind", "thumbprint", "since"}};
  if (const json& keys = member(s, "keys"); keys.is_array())
    for (const json& k : keys)
      rows.push_back({"  " + (member(k, "kid").is_string() ? text(k, "kid") : std::string("(none)")), algorithms(k),
                      text(k, "kind"), text(k, "thumbprint"), span(ago(k, "since")) + " ago"});
  if (rows.size() > 1) std::fputs(table(rows).c_str(), stdout);
  if (const json& skipped = member(s, "skipped"); skipped.is_array())
    for (const json& k : skipped)
      fmt::print("  skipped: key {}{}: {}\n", number(k, "number"),
                 text(k, "kid").empty() ? "" : " (kid " + text(k, "kid") + ")", text(k, "cause"));
}

void list(const KeysOptions& o) {
  const json reply = keys_of(o);
  if (o.json) return print_reply(reply);
  const json& sources = member(reply, "sources");
  if (sources.is_array())
    for (const json& s : sources) print_source(s);
  std::vector<std::vector<std::string>> rows{{"  key", "kid", "alg", "kind", "thumbprint"}};
  if (const json& local = member(reply, "local"); local.is_array())
    for (const json& k : local)
      rows.push_back({"  " + text(k, "label"), member(k, "kid").is_string() ? text(k, "kid") : std::string("(none)"),
                      algorithms(k), text(k, "kind"), text(k, "thumbprint")});
  if (rows.size() > 1) fmt::print("from the settings and their files\n{}", table(rows));
  if (rows.size() == 1 && (!sources.is_array() || sources.empty()))
    fmt::print("no keys: tokens are not looked at, or [jwt] has none\n");
}

// -- refresh

const json* find_source(const json& reply, const std::string& name) {
  if (const json& sources = member(reply, "sources"); sources.is_array())
    for (const json& s : sources)
      if (member(s, "name").is_string() && s["name"].get<std::string>() == name) return &s;
  return nullptr;
}

void refresh(const KeysOptions& o) {
  json request{{"verb", "refresh"}};
  if (o.source) request["source"] = *o.source;
  json before;
  if (o.server.given()) {
    before = remote_keys(o.server, o.json);
    if (auto& all = before["sources"]; o.source && all.is_array())
      all.erase(std::remove_if(all.begin(), all.end(), [&](const json& s) { return member(s, "name") != *o.source; }),
                all.end());
    remote_refresh_keys(o.server, o.source, o.json);
  } else {
    before = ask_running(o.config, request, o.json);
  }
  const json& asked = member(before, "sources");
  if (!asked.is_array())
    fail({ErrorKind::kInternal, "the answer cannot be read", "are the command and the plugin of one release?", ""},
         o.json);
  std::int64_t longest_wait = 0;
  for (const json& s : asked) {
    const std::int64_t wait = number(s, "allowed_in_ms");
    longest_wait = std::max(longest_wait, wait);
    if (wait > 0 && !o.json)
      std::fprintf(stderr, "%sthe cool-down lasts %lld s more (jwks_cooldown); the refresh begins then\n",
                   text(s, "name").empty() ? "" : (text(s, "name") + ": ").c_str(),
                   static_cast<long long>((wait + 999) / 1000));
  }
  // The answer of each source, the cool-down and the longest jwks_timeout (twice, for discovery) included.
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(longest_wait) + std::chrono::seconds(250);
  json now;
  bool all = false;
  while (!all && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    now = keys_of(o);
    all = true;
    for (const json& s : asked) {
      const json* source = find_source(now, member(s, "name").is_string() ? s["name"].get<std::string>() : "");
      // One that was under way when we asked is not ours, unless nothing followed it.
      all = all && source && number(*source, "attempts") > number(s, "attempts") && !yes(*source, "in_flight");
    }
  }
  bool good = all;
  json results = json::array();
  for (const json& s : asked) {
    const json* source = find_source(now, member(s, "name").is_string() ? s["name"].get<std::string>() : "");
    if (!source) continue;
    good = good && text(*source, "state") == "ready";
    results.push_back(*source);
    if (!o.json) print_source(*source);
  }
  if (o.json) print_reply({{"refreshed", good}, {"sources", std::move(results)}});
  if (!good) throw ExitWith{kEnvironment};
}

// -- doctor

json to_json(const DoctorReport& report) {
  json steps = json::array();
  for (const DoctorStep& s : report.steps) {
    json one{{"step", s.what}, {"good", s.good}, {"found", s.found}};
    if (!s.good) {
      one["cause"] = s.cause;
      one["cure"] = s.cure;
      if (!s.reason.empty()) one["reason"] = s.reason;
    }
    steps.push_back(std::move(one));
  }
  return steps;
}

void print_report(const std::string& title, const DoctorReport& report) {
  fmt::print("{}\n", printable(title));
  for (const DoctorStep& s : report.steps) {
    fmt::print("  {} {:<9} {}\n", s.good ? "\xe2\x9c\x93" : "\xe2\x9c\x97", s.what, printable(s.found));
    if (s.good) continue;
    fmt::print("              {}{}\n", s.reason.empty() ? "" : s.reason + ": ", printable(s.cause));
    if (!s.cure.empty()) fmt::print("              hint: {}\n", printable(s.cure));
  }
}

void doctor(const KeysOptions& o) {
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<ExaminedSource> sources;
  if (!o.url.empty()) {
    FetchOptions options;
    options.timeout_ms = o.timeout * 1000;
    options.ca_file = o.ca_file;
    options.client_cert = o.client_cert;
    options.client_key = o.client_key;
    options.proxy = o.proxy;
    options.allow_http = o.allow_http;
    options.allow_hosts = o.allow_hosts;
    sources.push_back({{}, shown_url(o.url), examine_source(o.url, o.discover, options, SystemClock())});
  } else {
    const auto loaded = load_settings(o.config, std::nullopt);
    if (!loaded) fail(loaded.error().faults.front(), kEnvironment, o.json);
    sources = examine_sources(loaded->settings);
    if (sources.empty())
      fail({ErrorKind::kNotFound, "these settings take no keys from the network",
            "set [jwt] jwks_url or issuer_discovery, or name an address: sallyport keys doctor URL", ""},
           kEnvironment, o.json);
  }
  bool good = true;
  json all = json::array();
  for (const ExaminedSource& s : sources) {
    good = good && s.report.good();
    all.push_back({{"name", s.name}, {"address", s.address}, {"good", s.report.good()}, {"steps", to_json(s.report)}});
    if (!o.json) print_report(s.name.empty() ? s.address : "issuer " + s.name + ": " + s.address, s.report);
  }
  if (o.json) print_reply({{"good", good}, {"sources", std::move(all)}});
  if (!good) throw ExitWith{kEnvironment};
}

}  // namespace

void add_keys_commands(CLI::App& app) {
  static KeysOptions options;
  CLI::App* keys = app.add_subcommand(
      "keys", "keys that come from the network: what is in force, fetch them now, why they cannot be had");
  keys->require_subcommand(1);
  const auto common = [&](CLI::App* command, bool config_required) {
    const char* words = "the settings file of the running broker";
    if (config_required) add_place_options(command, options.config, options.server, words);
    command->add_flag("--json", options.json, "one JSON value");
    return config_required ? nullptr : command->add_option("--config", options.config, words);
  };
  CLI::App* lists = keys->add_subcommand("list", "each source of keys in a running broker, how it is, and its keys");
  common(lists, true);
  lists->footer("Example: sallyport keys list --config /etc/sallyport/sallyport.toml");
  lists->callback([] { list(options); });

  CLI::App* refreshes =
      keys->add_subcommand("refresh", "fetch the keys now (within jwks_cooldown) and say how it went; exit 0 or 3");
  common(refreshes, true);
  refreshes->add_option("--source", options.source, "only the issuer of that name; \"\" is plain [jwt]");
  refreshes->footer("Example: sallyport keys refresh --config /etc/sallyport/sallyport.toml");
  refreshes->callback([] { refresh(options); });

  CLI::App* doctors = keys->add_subcommand("doctor",
                                           "go the way to the keys step by step and say what is wrong: name, address, "
                                           "TCP, TLS, HTTP, JSON, keys, clock; exit 0 or 3");
  auto* config = common(doctors, false);
  auto* url = doctors->add_option("url", options.url, "the address of a key set");
  doctors->add_flag("--discover", options.discover, "the address is an issuer, whose configuration leads to the keys");
  doctors->add_option("--ca-file", options.ca_file, "as jwks_ca_file");
  doctors->add_option("--client-cert", options.client_cert, "as jwks_client_cert");
  doctors->add_option("--client-key", options.client_key, "as jwks_client_key");
  doctors->add_option("--proxy", options.proxy, "as jwks_proxy");
  doctors->add_flag("--allow-http", options.allow_http, "as jwks_allow_http");
  doctors->add_option("--allow-host", options.allow_hosts, "as jwks_allow_hosts");
  doctors->add_option("--timeout", options.timeout, "seconds for each step")->check(CLI::Range(1, 120));
  doctors->footer(
      "Examples:\n  sallyport keys doctor https://id.example.com/jwks.json\n  sallyport keys doctor --config "
      "/etc/sallyport/sallyport.toml");
  doctors->callback([config, url] {
    if (config->count() == 0 && url->count() == 0) throw CLI::RequiredError("URL or --config");
    if (config->count() && url->count()) throw CLI::ExcludesError("URL", "--config");
    doctor(options);
  });
}

}  // namespace sallyport::cli
