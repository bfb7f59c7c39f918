// sallyport user import: all of a file or nothing, in bounded memory. A file is read
// once to find every fault (and the number of rows); where it has plain passwords, a
// second time to hash them on all cores. Standard input is read once.
#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "base/start_thread.h"
#include "cli/commands/remote.h"
#include "cli/commands/user_common.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "users/csv_import.h"
#include "users/import_words.h"

namespace sallyport::cli {
namespace {

struct ImportFlags {
  std::string file, format = "auto", hash = "auto", salt_position, salt_encoding = "text";
  std::uint32_t iterations = 0;
  bool dry_run = false, skip_bad = false, replace = false;
};

constexpr std::size_t kBatch = 512;
constexpr std::size_t kFaultsShown = 20;
// What stands for a hash while a file is only looked through; never committed.
constexpr const char* kNotHashedYet = "$pending";

ImportOptions to_options(const ImportFlags& flags, bool json) {
  return must(to_import_options({.format = flags.format,
                                 .hash = flags.hash,
                                 .salt_position = flags.salt_position,
                                 .salt_encoding = flags.salt_encoding,
                                 .iterations = flags.iterations}),
              json);
}

// The whole file goes to the daemon, which reads it as this command does.
void import_at_server(const UserOptions& options, const ImportFlags& flags) {
  constexpr std::size_t kMost = 64u * 1024 * 1024;
  InputFile file(flags.file, options.json);
  RemoteImport order;
  const ReadBytes read = file.reader();
  std::string piece(64 * 1024, '\0');
  for (std::size_t n; (n = read(piece.data(), piece.size())) > 0;) {
    order.bytes.append(piece, 0, n);
    if (order.bytes.size() > kMost)
      fail(invalid("the file is larger than the 64 MiB that a daemon takes at once", "part it"), kUsage, options.json);
  }
  wipe(piece);
  if (file.failed())
    fail({ErrorKind::kUnavailable, fmt::format("cannot read all of {}", printable(flags.file)), "", ""}, options.json);
  order.file_name = flags.file.substr(flags.file.rfind('/') + 1);
  order.format = flags.format;
  order.hash = flags.hash;
  order.salt_position = flags.salt_position;
  order.salt_encoding = flags.salt_encoding;
  order.iterations = flags.iterations;
  order.dry_run = flags.dry_run;
  order.skip_bad = flags.skip_bad;
  order.replace = flags.replace;
  remote_import_users(options, std::move(order));
}

class Importer {
 public:
  Importer(const UserOptions& options, const ImportFlags& flags)
      : options_(options), flags_(flags), bytes_(flags.file, options.json), store_(open_for(flags)) {}

  void run() {
    const bool twice = bytes_.can_be_read_again();
    pass(!twice && !flags_.dry_run);
    stop_at_faults();
    if (twice && plain_ > 0 && !flags_.dry_run) {
      const std::size_t rows = rows_;
      bytes_.rewind();
      pass(true, rows);
      stop_at_faults();
    }
    if (store_ && flags_.dry_run)
      store_->rollback_bulk();
    else if (store_)
      commit();
    say();
  }

 private:
  // A dry run makes no store; where there is none yet, nobody is there already.
  std::unique_ptr<Store> open_for(const ImportFlags& flags) {
    if (!flags.dry_run) return open_configured_store(options_.config, StoreAccess::write, options_.json);
    auto store = open_configured_store(options_.config, StoreAccess::read, options_.json);
    return must(store->data_version(), options_.json) == 0 ? nullptr : std::move(store);
  }

  void fault(Error error) {
    ++bad_;
    if (faults_.size() < kFaultsShown) faults_.push_back(std::move(error));
  }

  void pass(bool hash_now, std::size_t rows_expected = 0) {
    rows_ = good_ = plain_ = weak_ = bad_ = 0;
    faults_.clear();
    Result<std::unique_ptr<UserImport>> import = open_user_import(bytes_.reader(), to_options(flags_, options_.json));
    if (!import) {
      stop_where_bytes_failed();  // nothing read is not a file that is empty
      Error error = import.error();
      error.place =
          error.place.empty() ? printable(flags_.file) : fmt::format("{}, {}", printable(flags_.file), error.place);
      fail(error, options_.json);
    }
    if (store_) must(store_->begin_bulk(), options_.json);
    Progress progress(hash_now ? "users hashed and staged:" : "rows read:", rows_expected);
    std::vector<ImportedUser> batch(kBatch);
    for (bool more = true; more;) {
      std::size_t filled = 0;
      while (filled < kBatch && (more = (*import)->next(batch[filled]))) ++filled;
      if (hash_now) hash(batch, filled, progress);
      for (std::size_t i = 0; i < filled; ++i) stage(batch[i], hash_now);
      progress.advance(rows_);
    }
    stop_where_bytes_failed();
  }

  void stop_where_bytes_failed() const {
    if (bytes_.failed())
      fail({ErrorKind::kUnavailable, fmt::format("cannot read all of {}", printable(flags_.file)),
            "nothing was written; is it a file, and is the disk it lies on well?", ""},
           options_.json);
  }

  // On all cores; each takes the next user that still has a plain password.
  void hash(std::vector<ImportedUser>& batch, std::size_t filled, Progress& progress) {
    std::atomic<std::size_t> next{0};
    const auto work = [&](bool tells) {
      for (std::size_t i; (i = next.fetch_add(1)) < filled;) {
        ImportedUser& user = batch[i];
        if (user.fault || user.password.empty()) continue;
        Result<std::string> made = hash_password(user.password, options_.profile());
        if (made)
          user.hash = std::move(*made);
        else
          user.fault = made.error();
        if (tells) progress.advance(rows_ + i);
      }
    };
    const bool any = std::any_of(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(filled),
                                 [](const ImportedUser& user) { return !user.fault && !user.password.empty(); });
    if (!any) return;
    std::vector<std::thread> others;
    for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
      Result<std::thread> started = start_thread([&work] { work(false); });
      if (!started) break;  // fewer hands do it too
      others.push_back(std::move(*started));
    }
    work(true);
    for (std::thread& other : others) other.join();
  }

  void stage(ImportedUser& user, bool hash_now) {
    ++rows_;
    if (user.fault) return fault(std::move(*user.fault));
    const bool plain = !user.password.empty();
    wipe(user.password);
    if (plain && !hash_now) user.hash = kNotHashedYet;
    if (store_) {
      const WriteMode mode = flags_.replace ? WriteMode::replace : WriteMode::create_only;
      const Result<void> put = store_->bulk_put({user.username, user.hash, user.enabled, user.is_superuser, 0}, mode);
      if (!put) {
        if (put.error().kind != ErrorKind::kConflict && put.error().kind != ErrorKind::kInvalid)
          fail(put.error(), options_.json);
        Error error = put.error();
        error.place = fmt::format("row {}, column username", user.row);
        if (error.kind == ErrorKind::kConflict) error.hint = "--replace takes the file's row instead";
        return fault(std::move(error));
      }
    }
    ++good_;
    if (plain)
      ++plain_;
    else if (is_weak_hash(user.hash))
      ++weak_;
  }

  void commit() {
    if (Result<void> done = store_->commit_bulk(); !done) {
      Error error = done.error();
      error.cause = printable(error.cause) + "; nothing was written";
      fail(error, options_.json);
    }
  }

  void print_faults() const {
    for (const Error& error : faults_) std::fprintf(stderr, "%s\n", with_printable(error).to_text().c_str());
    if (bad_ > faults_.size()) std::fprintf(stderr, "and %zu more bad rows\n", bad_ - faults_.size());
  }
  static Error with_printable(Error error) {
    error.cause = printable(error.cause);
    return error;
  }
  Json report() const {
    Json out{{"imported", flags_.dry_run ? 0 : good_},
             {"rows", rows_},
             {"good", good_},
             {"bad", bad_},
             {"weak_hashes", weak_},
             {"dry_run", flags_.dry_run}};
    Json& faults = out["faults"] = Json::array();
    for (const Error& error : faults_)
      faults.push_back({{"place", error.place}, {"cause", error.cause}, {"hint", error.hint}});
    return out;
  }

  void stop_at_faults() {
    if (bad_ == 0 || flags_.skip_bad) return;
    if (store_) store_->rollback_bulk();
    if (options_.json) {
      Json out = report();
      out["imported"] = 0;
      out["error"] = "bad rows; nothing was written";
      print(out);
    } else {
      print_faults();
      std::fprintf(
          stderr,
          "sallyport: %zu of %zu rows bad; nothing was written\n  hint: mend them, or leave them out with --skip-bad\n",
          bad_, rows_);
    }
    throw ExitWith{kRefused};
  }

  void say() const {
    if (options_.json) return print(report());
    print_faults();
    fmt::print("{} {} user{}", flags_.dry_run ? "would import" : "imported", good_, good_ == 1 ? "" : "s");
    if (bad_ > 0) fmt::print(", skipped {} bad row{}", bad_, bad_ == 1 ? "" : "s");
    fmt::print("\n");
    if (weak_ > 0)
      fmt::print("{} of them with a weak hash; each is replaced after its user's next right password\n", weak_);
  }

  const UserOptions& options_;
  const ImportFlags& flags_;
  InputFile bytes_;
  std::unique_ptr<Store> store_;
  std::size_t rows_ = 0, good_ = 0, plain_ = 0, weak_ = 0, bad_ = 0;
  std::vector<Error> faults_;
};

}  // namespace

void add_user_import_command(CLI::App* user) {
  auto options = std::make_shared<UserOptions>();
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* imports =
      user->add_subcommand("import", "take users from CSV, an export of EMQX or a password file of Mosquitto");
  add_common_options(imports, *options);
  imports->add_option("file", flags->file, "the file, or - for standard input")->required();
  imports->add_option("--format", flags->format, "auto, csv, emqx (CSV or JSON), mosquitto")
      ->check(CLI::IsMember({"auto", "csv", "emqx", "mosquitto"}));
  imports
      ->add_option("--hash", flags->hash,
                   "what made password_hash; auto: the hash says it itself ($argon2id$, $2b$, $pbkdf2-…, $6$, $7$)")
      ->check(CLI::IsMember({"auto", "plain", "md5", "sha", "sha256", "sha512", "bcrypt", "pbkdf2-sha1",
                             "pbkdf2-sha256", "pbkdf2-sha512"}));
  imports
      ->add_option("--salt-position", flags->salt_position,
                   "where the salt stood when md5 or sha was made (EMQX's default: suffix)")
      ->check(CLI::IsMember({"prefix", "suffix", "none"}));
  imports->add_option("--salt-encoding", flags->salt_encoding, "text: the salt's characters as they stand (EMQX)")
      ->check(CLI::IsMember({"text", "hex", "base64"}));
  imports->add_option("--iterations", flags->iterations, "of pbkdf2 (EMQX's default: 4096)")
      ->check(CLI::Range(1U, 1'500'000U));
  imports->add_flag("--dry-run", flags->dry_run, "only look for faults");
  imports->add_flag("--skip-bad", flags->skip_bad, "leave out bad rows and take the rest");
  imports->add_flag("--replace", flags->replace, "a user who is there already gets the file's row");
  imports->add_flag("--strong", options->strong, "hash plain passwords with 64 MiB each, for people's passwords");
  imports->footer(
      "A file with a bad row changes nothing, unless --skip-bad is given.\n\nExample:\n"
      "  sallyport user import --config /etc/sallyport/sallyport.toml users.csv --dry-run\n"
      "  sallyport user import --config /etc/sallyport/sallyport.toml emqx.csv --format emqx --hash sha256 "
      "--salt-position suffix");
  imports->callback([options, flags] {
    if (options->server.given()) return import_at_server(*options, *flags);
    Importer(*options, *flags).run();
  });
}

}  // namespace sallyport::cli
