// sallyport store migrate|export|import|check
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "cli/commands/user_common.h"
#include "cli/output.h"
#include "cli/row_pipe.h"
#include "cli/store_lines.h"
#include "config/load.h"
#include "store/console_store.h"

namespace sallyport::cli {
namespace {

struct StoreOptions {
  std::string config, store, file, to;
  bool json = false;
};

// Where a store is, and what is beside it.
struct Place {
  std::string url, folder;
  std::string console_file() const {
    const std::string in = console_folder(folder, url);
    return in.empty() && url.starts_with("sqlite://") ? in : in + "/console.db";
  }
};
Place place_of(const StoreOptions& options) {
  if (options.config.empty()) return {options.store, ""};
  const Result<Settings, LoadFailure> settings = load_file_only(options.config);
  if (!settings) fail(settings.error().faults.front(), options.json);
  return {settings->store.url, settings->console.folder};
}

std::unique_ptr<Store> open(const StoreOptions& options, StoreAccess access) {
  if (options.store.empty()) return open_configured_store(options.config, access, options.json);
  return must(open_store(options.store, access), options.json);
}

// The console's own, beside the store or in it; null where there is none.
std::unique_ptr<ConsoleStore> console_of(const StoreOptions& options, Store& store) {
  const Place place = place_of(options);
  // Whoever only looks makes no tables.
  if (!place.url.starts_with("sqlite://") && must(store.schema(), options.json) == 0) return nullptr;
  return must(ConsoleStore::open_if_there(place.url, place.console_file()), options.json);
}

// Everything: the console's own first, so that whoever reads it can keep that open until the rest is in.
Result<void> dump_all(Store& store, ConsoleStore* console, const RowSink& sink) {
  if (console)
    if (Result<void> done = console->dump(sink); !done) return done;
  return store.dump(sink);
}

// All of it or nothing. `console`: where the console's own is to go, made when there is any.
Result<void> restore_all(Store& store, const Place& place, const RowSource& source) {
  Result<NextRow> first = source();
  if (!first) return unexpected(first.error());
  const auto rest = [&](NextRow row) {
    bool given = false;
    return store.restore([&]() -> Result<NextRow> {
      if (!std::exchange(given, true)) return std::move(row);
      return source();
    });
  };
  if (!first->table || !is_console_table(*first->table)) return rest(std::move(*first));
  const std::string file = place.console_file();
  if (file.empty())
    return unexpected(invalid("there are administrators, and no folder for them",
                              "set folder under [console] of the settings that --config names"));
  const Result<std::unique_ptr<ConsoleStore>> console = ConsoleStore::open(place.url, file);
  if (!console) return unexpected(console.error());
  return (*console)->restore(std::move(*first), source, rest);
}

std::size_t count_of(const std::map<std::string, std::size_t>& rows) {
  std::size_t all = 0;
  for (const auto& [table, n] : rows) all += n;
  return all;
}

void say_rows(const StoreOptions& options, std::string_view what, const std::map<std::string, std::size_t>& rows) {
  if (options.json) {
    Json tables = Json::object();
    for (const auto& [table, n] : rows) tables[table] = n;
    return print(Json{{"rows", count_of(rows)}, {"tables", tables}});
  }
  std::string line = fmt::format("{} {} rows", what, count_of(rows));
  const char* between = ": ";
  for (const auto& [table, n] : rows) line += fmt::format("{}{} of {}", std::exchange(between, ", "), n, table);
  std::fprintf(stderr, "%s\n", line.c_str());
}

void export_store(const StoreOptions& options) {
  const auto store = open(options, StoreAccess::read);
  std::FILE* out = stdout;
  if (!options.file.empty()) {
    // Hashes are in it: it is the owner's alone, and nothing that is there is written over.
    const int fd = ::open(options.file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
      fail({errno == EEXIST ? ErrorKind::kConflict : ErrorKind::kUnavailable,
            fmt::format("cannot make {}: {}", options.file, std::strerror(errno)), "", ""},
           options.json);
    out = ::fdopen(fd, "wb");
  } else if (::isatty(STDOUT_FILENO)) {
    fail(invalid("the export holds password hashes and is not shown on a terminal",
                 "sallyport store export --config FILE --output store.jsonl"),
         kUsage, options.json);
  }
  const auto line = [&](const std::string& text) -> Result<void> {
    if (std::fwrite(text.data(), 1, text.size(), out) != text.size() || std::fputc('\n', out) == EOF)
      return unexpected(Error{ErrorKind::kUnavailable, "the export cannot be written", "is the disk full", ""});
    return {};
  };
  std::map<std::string, std::size_t> rows;
  must(line(head_line()), options.json);
  const auto console = console_of(options, *store);
  must(dump_all(*store, console.get(),
                [&](const Table& table, Row row) {
                  ++rows[table.name];
                  return line(row_line(table, row));
                }),
       options.json);
  must(line(end_line(count_of(rows))), options.json);
  if (std::fflush(out) != 0 || (out != stdout && (::fsync(::fileno(out)) != 0 || std::fclose(out) != 0)))
    fail({ErrorKind::kUnavailable, "the export cannot be written", "is the disk full", ""}, options.json);
  if (!options.json || out != stdout) say_rows(options, "exported", rows);
}

void import_store(const StoreOptions& options) {
  std::FILE* in = stdin;
  if (!options.file.empty()) {
    in = std::fopen(options.file.c_str(), "rbe");
    if (!in)
      fail({ErrorKind::kNotFound, fmt::format("cannot read {}: {}", options.file, std::strerror(errno)), "", ""},
           options.json);
  }
  const auto store = open(options, StoreAccess::write);
  char* buffer = nullptr;
  std::size_t room = 0;
  StoreLines lines([&](std::string& line) -> Result<bool> {
    const ssize_t size = ::getline(&buffer, &room, in);
    if (size < 0) return false;
    if (static_cast<std::size_t>(size) > kMaxStoreLine) return unexpected(invalid("a line is too long"));
    line.assign(buffer, static_cast<std::size_t>(size));
    if (line.ends_with('\n')) line.pop_back();
    return true;
  });
  std::map<std::string, std::size_t> rows;
  const Result<void> done = restore_all(*store, place_of(options), [&]() -> Result<NextRow> {
    Result<NextRow> next = lines.next();
    if (next && next->table) ++rows[next->table->name];
    return next;
  });
  std::free(buffer);
  must(done, options.json);
  say_rows(options, "imported", rows);
}

void migrate_store(const StoreOptions& options) {
  if (options.to.empty()) {
    // Opening it to write brings the tables up to what this program knows.
    const auto before = open(options, StoreAccess::read);
    const int from = must(before->schema(), options.json);
    const auto store = open(options, StoreAccess::write);
    const int now = must(store->schema(), options.json);
    if (options.json) return print(Json{{"schema_before", from}, {"schema", now}});
    const std::string said = from ? fmt::format("the store has schema {}, the newest that this program knows", now)
                                  : fmt::format("the store was made, with schema {}", now);
    std::puts(said.c_str());
    return;
  }
  const auto from = open(options, StoreAccess::read);
  const auto to = must(open_store(options.to, StoreAccess::write), options.json);
  std::map<std::string, std::size_t> rows;
  const auto console = console_of(options, *from);
  RowPipe pipe([&](const RowSink& sink) { return dump_all(*from, console.get(), sink); });
  must(restore_all(*to, {options.to, ""},
                   [&]() -> Result<NextRow> {
                     Result<NextRow> next = pipe.next();
                     if (next && next->table) ++rows[next->table->name];
                     return next;
                   }),
       options.json);
  say_rows(options, "moved", rows);
  if (!options.json)
    std::fprintf(stderr, "the old store is as it was; put [store] url = \"%s\" into the settings now\n",
                 printable(options.to).c_str());
}

void check_store(const StoreOptions& options) {
  const auto store = open(options, StoreAccess::read);
  const int schema = must(store->schema(), options.json);
  std::vector<std::string> faults = must(store->check(), options.json);
  std::size_t users = 0, weak = 0;
  must(store->for_each_user([&](const UserRecord& user) {
    ++users;
    const std::string words = hash_words(user);
    if (words == "unreadable")
      faults.push_back(fmt::format("the password hash of user {} is of no kind that is known", user.username));
    weak += words.ends_with("(weak)");
    return faults.size() < 100;
  }),
       options.json);
  if (options.json) {
    print(
        Json{{"ok", faults.empty()}, {"schema", schema}, {"users", users}, {"weak_hashes", weak}, {"faults", faults}});
  } else {
    for (const std::string& fault : faults) std::puts(printable(fault).c_str());
    std::puts(fmt::format("schema {}, {} users ({} with a weak hash): {}", schema, users, weak,
                          faults.empty() ? "sound" : fmt::format("{} faults", faults.size()))
                  .c_str());
  }
  if (!faults.empty()) throw ExitWith{kRefused};
}

void add_store_options(CLI::App* command, StoreOptions& options) {
  CLI::Option* config = command->add_option("--config", options.config, "the settings file, which names the store");
  CLI::Option* store = command->add_option("--store", options.store, "the store itself, as [store] url has it");
  config->excludes(store);
  command->add_flag("--json", options.json, "one JSON value");
}

template <class Run>
void runs(CLI::App* command, const std::shared_ptr<StoreOptions>& options, Run run) {
  command->callback([options, run] {
    if (options->config.empty() && options->store.empty())
      fail(invalid("no store is named", "give --config FILE or --store URL"), kUsage, options->json);
    run(*options);
  });
}

}  // namespace

void add_store_commands(CLI::App& app) {
  CLI::App* store =
      app.add_subcommand("store", "the store as a whole: its tables, its way to another machine, its health");
  store->require_subcommand(1);
  const auto add = [&](const char* name, const char* about) {
    auto options = std::make_shared<StoreOptions>();
    CLI::App* command = store->add_subcommand(name, about);
    add_store_options(command, *options);
    return std::pair(command, options);
  };
  {
    auto [command, options] =
        add("migrate", "bring the tables up to this program's, or move everything to another store");
    command->add_option("--to", options->to, "another store, with nothing in it, that everything is copied into");
    command->footer(
        "Examples:\n  sallyport store migrate --config /etc/sallyport/sallyport.toml\n"
        "  sallyport store migrate --config /etc/sallyport/sallyport.toml --to postgres://sallyport@db/sallyport");
    runs(command, options, migrate_store);
  }
  {
    auto [command, options] = add("export", "everything that is in the store, as lines of JSON");
    command->add_option("--output", options->file, "a file that is not there yet; standard output if not given");
    command->footer(
        "Password hashes are in it: keep it as you keep the store.\n\nExample:\n"
        "  sallyport store export --config /etc/sallyport/sallyport.toml --output store.jsonl");
    runs(command, options, export_store);
  }
  {
    auto [command, options] = add("import", "what store export wrote, into a store with nothing in it");
    command->add_option("FILE", options->file, "the export; standard input if not given");
    command->footer(
        "All of it or nothing.\n\nExample:\n"
        "  sallyport store import --store postgres://sallyport@db/sallyport store.jsonl");
    runs(command, options, import_store);
  }
  {
    auto [command, options] = add("check", "whether what is kept is whole and can be read");
    command->footer(
        "Exit code 1 where something was found.\n\nExample:\n"
        "  sallyport store check --config /etc/sallyport/sallyport.toml");
    runs(command, options, check_store);
  }
}

}  // namespace sallyport::cli
