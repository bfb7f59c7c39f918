#include "cli/commands/bar_common.h"

#include <fmt/format.h>

#include <cstdio>

#include "bars/moment.h"
#include "cli/commands/remote.h"
#include "cli/output.h"
#include "config/load.h"
#include "engine/natural_end.h"
#include "engine/words.h"

namespace sallyport::cli {
namespace {

constexpr const char* kMoment = "RFC 3339 (2026-11-24T12:00:00Z) or seconds since 1970";

struct Named {
  BarKind kind;
  const char* option;
  const std::string& value;
};
std::vector<Named> fields_of(BarClass of, const BarOptions& o) {
  if (of == BarClass::revocation)
    return {{BarKind::jti, "--jti", o.jti},
            {BarKind::principal, "--principal", o.principal},
            {BarKind::key_id, "--kid", o.kid}};
  return {{BarKind::client_id, "--client-id", o.client_id},
          {BarKind::username, "--username", o.username},
          {BarKind::address, "--address", o.address}};
}

// Where no end is given: when no token that it hits can still be valid, as far as the settings tell.
void set_natural_end(BarRecord& bar, Store& store, const std::string& config) {
  std::optional<StoredSettings> stored;
  if (const auto current = store.current_settings(); current && *current)
    stored = StoredSettings{(*current)->toml, (*current)->number};
  const Result<LoadedSettings, LoadFailure> loaded = load_settings(config, stored);
  if (!loaded) return;  // whoever has broken his settings may revoke all the same: it stays until it is removed
  if (const auto end = natural_end(bar, loaded->settings.jwt)) bar.until = *end;
}

std::string until_words(const BarRecord& bar) {
  return bar.until == kForever ? "until it is removed" : "until " + words::moment(bar.until);
}
std::string_view title(BarClass of) { return of == BarClass::revocation ? "revocation" : "block"; }

}  // namespace

void add_bar_common(CLI::App* command, BarOptions& options) {
  add_place_options(command, options.config, options.server, "the settings file, which names the store");
  command->add_flag("--json", options.json, "one JSON value");
}

void add_bar_list_options(CLI::App* command, BarOptions& options) {
  command->add_option("--search", options.search, "only those with this text in the value or in the words why");
  command->add_option("--after", options.after, "only those with a greater number, as `next` of the page before says");
  command->add_option("--limit", options.limit, "at most that many (1000)")->check(CLI::Range(1, 100'000));
}

BarRecord named_bar(BarClass of, const BarOptions& options) {
  BarRecord bar;
  int given = 0;
  std::string names;
  for (const Named& field : fields_of(of, options)) {
    names += (names.empty() ? "" : ", ") + std::string(field.option);
    if (field.value.empty()) continue;
    ++given;
    bar.kind = field.kind;
    bar.value = field.value;
  }
  if (given != 1)
    fail(invalid(given == 0 ? "nothing says what is meant" : "more than one thing is meant",
                 "give exactly one of " + names),
         kUsage, options.json);
  if (options.pattern) {
    const auto kind = bar_kind_from_name(name(bar.kind), true);
    if (!kind) fail(invalid("an address is no pattern", "write a network: --address 10.0.0.0/8"), kUsage, options.json);
    bar.kind = *kind;
  }
  bar.issuer = options.issuer;
  return bar;
}

UnixSeconds moment_of(const std::string& text, const char* option, bool json) {
  if (text.empty()) return kForever;
  const std::optional<UnixSeconds> at = parse_moment(text);
  if (!at) fail(invalid(fmt::format("{} is no moment: {}", option, printable(text)), kMoment), kUsage, json);
  return *at;
}

Json to_json(const BarRecord& bar) {
  const auto moment = [](UnixSeconds at) { return at == kForever ? Json() : Json(at); };
  Json out{{"id", bar.id}, {"kind", name(bar.kind)}, {"value", bar.value}};
  if (class_of(bar.kind) == BarClass::block)
    out["pattern"] = is_pattern(bar.kind);
  else
    out.update(
        {{"issuer", bar.issuer.empty() ? Json() : Json(bar.issuer)}, {"issued_before", moment(bar.issued_before)}});
  out.update({{"until", moment(bar.until)}, {"why", bar.why}, {"author", bar.author}, {"created_at", bar.created_at}});
  return out;
}

std::string words_of(const BarRecord& bar) {
  std::string out = fmt::format(
      "{} {}", is_pattern(bar.kind) ? fmt::format("{} pattern", name(bar.kind)) : name(bar.kind), printable(bar.value));
  if (!bar.issuer.empty()) out += fmt::format(" of issuer {}", printable(bar.issuer));
  if (bar.issued_before != kForever) out += fmt::format(", issued before {}", words::moment(bar.issued_before));
  return out + ", " + until_words(bar);
}

std::vector<BarRecord> find_bars(Store& store, BarClass of, const BarOptions& options) {
  std::vector<BarRecord> found;
  if (!options.ids.empty()) {
    for (const std::int64_t id : options.ids) {
      std::vector<BarRecord> one = must(store.list_bars({of, id - 1, "", 1}), options.json);
      if (one.empty() || one.front().id != id)
        fail({ErrorKind::kNotFound, fmt::format("there is no {} {}", title(of), id),
              fmt::format("see them with: sallyport {} list", of == BarClass::revocation ? "revoke" : "block"), ""},
             options.json);
      found.push_back(std::move(one.front()));
    }
    return found;
  }
  BarRecord wanted = named_bar(of, options);
  must(check_bar(wanted), options.json);
  for (std::int64_t after = 0;;) {
    const std::vector<BarRecord> page = must(store.list_bars({of, after, wanted.value, 1000}), options.json);
    for (const BarRecord& bar : page)
      if (bar.kind == wanted.kind && bar.value == wanted.value && bar.issuer == wanted.issuer) found.push_back(bar);
    if (page.size() < 1000) return found;
    after = page.back().id;
  }
}

void add_bar(BarClass of, const BarOptions& options) {
  if (options.server.given()) return remote_add_bar(of, options);
  BarRecord bar = named_bar(of, options);
  bar.until = moment_of(options.until, "--until", options.json);
  bar.issued_before = moment_of(options.issued_before, "--issued-before", options.json);
  bar.why = options.why;
  bar.author = author();
  const SystemClock clock;
  bar.created_at = clock.unix_seconds();
  if (bar.over(bar.created_at)) fail(invalid("--until is not after now, so it would bar nobody"), kUsage, options.json);
  must(check_bar(bar), options.json);
  const auto store = open_configured_store(options.config, StoreAccess::write, options.json);
  if (of == BarClass::revocation && options.until.empty()) set_natural_end(bar, *store, options.config);
  if (bar.over(bar.created_at)) {
    if (!options.json)
      return fmt::print("nothing to revoke: by max_lifetime, tokens issued before {} are over since {}\n",
                        words::moment(bar.issued_before), words::moment(bar.until));
    Json out = to_json(bar);
    out["id"] = nullptr;
    out["result"] = "over";
    return print(out);
  }
  const KeptBar kept = must(store->put_bar(bar), options.json);
  if (options.json) {
    Json out = to_json(kept.record);
    out["result"] = kept.was_there ? "widened" : "added";
    return print(out);
  }
  fmt::print("{} {}: {}{}\n", title(of), kept.record.id, words_of(kept.record),
             kept.was_there ? " (it was there, and is as wide as both)" : "");
}

void list_bars(BarClass of, const BarOptions& options, const Json& more_members) {
  const auto store = open_configured_store(options.config, StoreAccess::read, options.json);
  // One more than is shown tells whether there is more.
  std::vector<BarRecord> bars =
      must(store->list_bars({of, options.after, options.search, options.limit + 1}), options.json);
  const bool more = bars.size() > options.limit;
  if (more) bars.pop_back();
  if (options.json) {
    Json out{{of == BarClass::revocation ? "revocations" : "blocks", Json::array()},
             {"total", must(store->count_bars(of), true)},
             {"next", nullptr}};
    for (const BarRecord& bar : bars) out.front().push_back(to_json(bar));
    if (more) out["next"] = bars.back().id;
    out.update(more_members);
    return print(out);
  }
  std::vector<std::vector<std::string>> rows{{"ID", "KIND", "VALUE", "UNTIL", "SINCE", "BY", "WHY"}};
  for (const BarRecord& bar : bars) {
    std::string value = printable(bar.value);
    if (!bar.issuer.empty()) value += fmt::format(" (issuer {})", printable(bar.issuer));
    if (bar.issued_before != kForever) value += fmt::format(" (issued before {})", words::moment(bar.issued_before));
    rows.push_back({std::to_string(bar.id), std::string(name(bar.kind)) + (is_pattern(bar.kind) ? " pattern" : ""),
                    value, bar.until == kForever ? "removed" : words::moment(bar.until), words::moment(bar.created_at),
                    printable(bar.author), printable(bar.why)});
  }
  if (bars.empty())
    std::fprintf(stderr, "no %ss\n", std::string(title(of)).c_str());
  else
    std::fputs(table(rows).c_str(), stdout);
  if (more) std::fprintf(stderr, "there are more\n  hint: --after %lld\n", static_cast<long long>(bars.back().id));
}

void remove_bars(BarClass of, const BarOptions& options, bool let_go) {
  const auto store = open_configured_store(options.config, StoreAccess::write, options.json);
  const std::vector<BarRecord> found = find_bars(*store, of, options);
  if (found.empty() && !let_go)
    fail({ErrorKind::kNotFound, fmt::format("there is no such {}", title(of)),
          fmt::format("see them with: sallyport {} list", of == BarClass::revocation ? "revoke" : "block"), ""},
         options.json);
  Json out{{"removed", Json::array()}};
  if (of == BarClass::block) out["let_go"] = let_go;
  if (let_go && !options.json) fmt::print("what guessing has slowed is let go\n");
  for (const BarRecord& bar : found) {
    const BarRecord was = must(store->remove_bar(of, bar.id), options.json);
    out["removed"].push_back(to_json(was));
    if (!options.json) fmt::print("{} {} is removed: {}\n", title(of), was.id, words_of(was));
  }
  if (options.json) print(out);
}

}  // namespace sallyport::cli
