// sallyport revoke add|list|remove|import
#include <fmt/format.h>

#include <cstdio>

#include "bars/bar_import.h"
#include "cli/command.h"
#include "cli/commands/bar_common.h"
#include "cli/commands/remote.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "config/load.h"
#include "engine/natural_end.h"

namespace sallyport::cli {
namespace {

constexpr BarClass kSelf = BarClass::revocation;
constexpr std::size_t kFaultsShown = 20;

struct ImportFlags {
  std::string file;
  bool dry_run = false, skip_bad = false;
};

// All of the file or nothing of it, in one transaction.
void import_file(const BarOptions& options, const ImportFlags& flags) {
  InputFile file(flags.file, options.json);
  std::string whole;  // for a server
  ByteStream bytes([&, read = file.reader()](char* buffer, std::size_t n) {
    const std::size_t got = read(buffer, n);
    if (options.server.given()) whole.append(buffer, got);
    return got;
  });
  BarImport import(bytes);
  if (Result<void> started = import.start(); !started) {
    Error error = started.error();
    error.cause = printable(error.cause);  // it may repeat what the file says
    error.place = error.place.empty() ? printable(flags.file) : printable(flags.file) + ", " + error.place;
    fail(error, options.json);
  }
  std::unique_ptr<Store> store;
  std::optional<LoadedSettings> loaded;  // of a server, its own
  if (!options.server.given()) {
    store = open_configured_store(options.config, flags.dry_run ? StoreAccess::read : StoreAccess::write, options.json);
    std::optional<StoredSettings> stored;
    if (const auto current = store->current_settings(); current && *current)
      stored = StoredSettings{(*current)->toml, (*current)->number};
    if (auto known = load_settings(options.config, stored)) loaded = std::move(*known);
  }
  const UnixSeconds now = SystemClock().unix_seconds();
  std::vector<BarRecord> good;
  std::vector<Error> faults;
  std::size_t bad = 0, over = 0;
  {
    Progress progress("rows read:");
    const std::string by = author();
    for (ImportedBar row; import.next(row);) {
      if (row.fault) {
        ++bad;
        if (faults.size() < kFaultsShown) faults.push_back(std::move(*row.fault));
        continue;
      }
      row.bar.author = by;
      row.bar.created_at = now;
      if (row.bar.until == kForever && loaded)
        if (const auto end = natural_end(row.bar, loaded->settings.jwt)) row.bar.until = *end;
      if (row.bar.over(now))
        ++over;
      else
        good.push_back(std::move(row.bar));
      progress.advance(good.size());
    }
  }
  if (file.failed())
    fail({ErrorKind::kUnavailable, fmt::format("cannot read all of {}", printable(flags.file)), "", ""}, options.json);
  Json list = Json::array();
  for (const Error& fault : faults)
    if (options.json)
      list.push_back({{"place", fault.place}, {"cause", fault.cause}, {"hint", fault.hint}});
    else
      std::fprintf(stderr, "sallyport: %s: %s\n%s%s%s", fault.place.c_str(), printable(fault.cause).c_str(),
                   fault.hint.empty() ? "" : "  hint: ", fault.hint.c_str(), fault.hint.empty() ? "" : "\n");
  const bool refused = bad > 0 && !flags.skip_bad;
  if (!refused && !flags.dry_run) {
    if (store)
      must(store->put_bars(good), options.json);
    else
      (void)remote_import_bars(options, std::move(whole));
  }
  if (options.json) {
    Json out{{"rows", good.size() + bad + over},
             {"imported", refused || flags.dry_run ? 0 : good.size()},
             {"good", good.size()},
             {"over", over},
             {"bad", bad},
             {"dry_run", flags.dry_run},
             {"faults", std::move(list)}};
    if (refused) out["error"] = "bad rows; nothing was written";
    print(out);
  } else if (refused) {
    std::fprintf(
        stderr,
        "sallyport: %zu of %zu rows bad; nothing was written\n  hint: mend them, or leave them out with --skip-bad\n",
        bad, good.size() + bad + over);
  } else {
    fmt::print("{} {} revocation{}", flags.dry_run ? "would import" : "imported", good.size(),
               good.size() == 1 ? "" : "s");
    if (over > 0) fmt::print(", left out {} whose tokens are over", over);
    if (bad > 0) fmt::print(", skipped {} bad row{}", bad, bad == 1 ? "" : "s");
    fmt::print("\n");
  }
  if (refused) throw ExitWith{kRefused};
}

void add_fields(CLI::App* command, BarOptions& options) {
  command->add_option("--jti", options.jti, "the token with this jti");
  command->add_option("--principal", options.principal, "the tokens of this principal (see [jwt] principal_claims)");
  command->add_option("--kid", options.kid, "the tokens of the key with this kid");
  command->add_option("--issuer", options.issuer, "of these, only tokens whose iss is this");
}

}  // namespace

void add_revoke_commands(CLI::App& app) {
  auto options = std::make_shared<BarOptions>();
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* revoke = app.add_subcommand("revoke", "tokens that are good no more, whatever they say of themselves");
  revoke->require_subcommand(1);
  const auto command = [&](const char* name, const char* about, const char* example) {
    CLI::App* made = revoke->add_subcommand(name, about);
    add_bar_common(made, *options);
    made->footer(std::string("Example:\n  sallyport revoke ") + example);
    return made;
  };
  CLI::App* add =
      command("add", "revoke a token, a principal's tokens or a key's tokens; clients that hold one are out",
              "add --config /etc/sallyport/sallyport.toml --principal meter-7 --issued-before "
              "2026-11-24T12:00:00Z --why \"stolen from the van\"");
  add_fields(add, *options);
  add->add_option("--issued-before", options->issued_before,
                  "of these, only tokens whose iat is before this moment, and those without iat");
  add->add_option("--until", options->until,
                  "when it is over (RFC 3339 or seconds since 1970); left out: when no token that it hits can still be "
                  "valid, where max_lifetime tells, else when it is removed");
  add->add_option("--why", options->why, "a few words for whoever asks; shown by decide, why and list");
  add->callback([options] { add_bar(kSelf, *options); });

  CLI::App* list = command("list", "what is revoked", "list --config /etc/sallyport/sallyport.toml --search meter-7");
  add_bar_list_options(list, *options);
  list->callback(
      [options] { options->server.given() ? remote_list_bars(kSelf, *options) : list_bars(kSelf, *options); });

  CLI::App* remove = command("remove", "undo a revocation, by its number or by what it names",
                             "remove --config /etc/sallyport/sallyport.toml 17");
  remove->add_option("id", options->ids, "numbers, as list shows them");
  add_fields(remove, *options);
  remove->callback(
      [options] { options->server.given() ? remote_remove_bars(kSelf, *options) : remove_bars(kSelf, *options); });

  CLI::App* import = command("import", "revoke many at once, from CSV",
                             "import --config /etc/sallyport/sallyport.toml revoked.csv --dry-run");
  import
      ->add_option("file", flags->file,
                   "a file, or - for standard input; its first row names the columns: jti, principal or kid, and "
                   "issuer, issued_before, until, why")
      ->required();
  import->add_flag("--dry-run", flags->dry_run, "only look for faults");
  import->add_flag("--skip-bad", flags->skip_bad, "leave out bad rows and take the rest");
  import->callback([options, flags] { import_file(*options, *flags);
});
}  // namespace sallyport::cli

}  // namespace sallyport::cli
