#include "cli/token_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

#include "base/start_thread.h"
#include "cli/command.h"
#include "cli/output.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "jose/compact_jws.h"
#include "users/csv_reader.h"

namespace sallyport::cli {
namespace {

constexpr std::size_t kMaxSpool = std::size_t{512} * 1024 * 1024;
constexpr std::size_t kBlock = 4096;
constexpr std::size_t kFaultsShown = 20;

// The file, which is read twice: once to look at every row, once to sign. Standard input is kept in memory.
class Source {
 public:
  explicit Source(const std::string& path) : path_(path) {
    if (path == "-") spool_ = read_stdin(kMaxSpool, false);
  }
  ~Source() {
    if (file_) std::fclose(file_);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  ByteStream open() {
    if (path_ == "-") {
      auto at = std::make_shared<std::size_t>(0);
      return ByteStream([this, at](char* to, std::size_t n) {
        n = std::min(n, spool_.size() - *at);
        spool_.copy(to, n, *at);
        *at += n;
        return n;
      });
    }
    if (file_) std::fclose(file_);
    file_ = std::fopen(path_.c_str(), "rb");
    if (!file_) fail({ErrorKind::kNotFound, "the file cannot be opened", "", path_}, kUsage, false);
    return ByteStream([this](char* to, std::size_t n) { return std::fread(to, 1, n, file_); });
  }

 private:
  std::string path_, spool_;
  std::FILE* file_ = nullptr;
};

Error at_row(Error e, const std::string& path, std::size_t row) {
  e.place = fmt::format("{}: {}", path, e.place.starts_with("row ") ? e.place : fmt::format("row {}", row));
  return e;
}

std::vector<std::string> read_header(CsvReader& reader, const std::string& path) {
  CsvRow row;
  if (!reader.next(row)) fail(invalid("the file is empty", "the first row names the columns", path), kRefused, false);
  if (row.fault) fail(at_row(*row.fault, path, 1), kRefused, false);
  std::vector<std::string> sorted = row.fields;
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& name : sorted)
    if (name.empty() || !is_utf8(name))
      fail(invalid("a column has no readable name", "the first row names the columns", path), kRefused, false);
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    fail(invalid(fmt::format("two columns have the name \"{}\"", printable(*twice)), "", path), kRefused, false);
  if (std::binary_search(sorted.begin(), sorted.end(), "token"))
    fail(invalid("a column has the name \"token\", which the answer needs", "rename it", path), kRefused, false);
  return row.fields;
}

// What is wrong with a row, or nothing.
std::optional<Error> look_at(const CsvRow& row, const std::vector<std::string>& columns, const ClaimPlan& plan,
                             UnixSeconds now) {
  if (row.fault) return row.fault;
  if (row.fields.size() != columns.size())
    return invalid(fmt::format("{} fields, but the header has {}", row.fields.size(), columns.size()),
                   "a comma inside a field needs quotes round the field");
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!is_utf8(row.fields[i]))
      return invalid(fmt::format("the column \"{}\" is not valid UTF-8", printable(columns[i])),
                     "save the file as UTF-8");
  const auto payload = plan.payload({&columns, &row.fields}, now);
  if (!payload) return payload.error();
  if (payload->size() > kMaxTokenBytes / 2)
    return invalid("the token would be too long for an MQTT field", "put less into it");
  return std::nullopt;
}

std::size_t check_all(Source& source, const std::string& path, const std::vector<std::string>& columns,
                      const ClaimPlan& plan, UnixSeconds now) {
  ByteStream bytes = source.open();
  CsvReader reader(bytes);
  CsvRow row;
  reader.next(row);
  std::size_t rows = 0, faults = 0;
  while (reader.next(row)) {
    ++rows;
    const auto fault = look_at(row, columns, plan, now);
    if (!fault) continue;
    if (++faults <= kFaultsShown)
      std::fprintf(stderr, "sallyport: %s\n", at_row(*fault, path, row.number).to_text().c_str());
  }
  if (faults > kFaultsShown) std::fprintf(stderr, "sallyport: and %zu more bad rows\n", faults - kFaultsShown);
  if (faults > 0) {
    std::fprintf(stderr, "sallyport: %zu of %zu rows are bad; no token was made\n", faults, rows);
    throw ExitWith{kRefused};
  }
  return rows;
}

void append_answer(std::string& out, BatchFormat format, const std::vector<std::string>& columns,
                   const std::vector<std::string>& fields, std::string_view token) {
  if (format == BatchFormat::csv) {
    for (const std::string& f : fields) {
      out += csv_field(f);
      out += ',';
    }
    out += token;
    out += '\n';
    return;
  }
  out += '{';
  for (std::size_t i = 0; i < columns.size(); ++i) {
    append_json_string(out, columns[i]);
    out += ':';
    append_json_string(out, fields[i]);
    out += ',';
  }
  out += "\"token\":\"";
  out += token;
  out += "\"}\n";
}

// Signs a block's rows on all cores, each thread taking the next row that nobody has.
bool sign_block(const std::vector<CsvRow>& rows, std::size_t n, std::vector<std::string>& answers, unsigned threads,
                const auto& one) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> good{true};
  const auto work = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < n;)
      if (!one(rows[i], answers[i])) good = false;
  };
  std::vector<std::thread> helpers;
  for (unsigned t = 1; t < threads; ++t) {
    Result<std::thread> started = start_thread(work);
    if (!started) break;  // fewer hands do it too
    helpers.push_back(std::move(*started));
  }
  work();
  for (std::thread& t : helpers) t.join();
  return good;
}

}  // namespace

int issue_batch(const std::string& path, BatchFormat format, const ClaimSources& claims, const TokenSigner& signer,
                UnixSeconds now) {
  Source source(path);
  std::vector<std::string> columns;
  {
    ByteStream bytes = source.open();
    CsvReader reader(bytes);
    columns = read_header(reader, path);
  }
  const auto plan = ClaimPlan::make(claims, columns);
  if (!plan) fail(plan.error(), kUsage, false);
  const std::size_t total = check_all(source, path, columns, *plan, now);

  std::string out;
  if (format == BatchFormat::csv) {
    for (const std::string& c : columns) out += csv_field(c) + ",";
    out += "token\n";
  }
  const auto one = [&](const CsvRow& row, std::string& answer) {
    answer.clear();
    const auto payload = plan->payload({&columns, &row.fields}, now);
    if (!payload) return false;
    const auto token = signer.sign(*payload);
    if (!token) return false;
    append_answer(answer, format, columns, row.fields, *token);
    return true;
  };
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, 64U);
  std::vector<CsvRow> rows(kBlock);
  std::vector<std::string> answers(kBlock);
  Progress progress("tokens", total);
  std::size_t done = 0;
  ByteStream bytes = source.open();
  CsvReader reader(bytes);
  CsvRow header;
  reader.next(header);
  for (bool more = true; more;) {
    std::size_t n = 0;
    while (n < kBlock && (more = reader.next(rows[n]))) {
      // The file is somebody else's: what was looked at may have changed since.
      if (rows[n].fault || rows[n].fields.size() != columns.size())
        fail({ErrorKind::kUnavailable, "the file changed while it was read", "try again", path}, kEnvironment, false);
      ++n;
    }
    if (!sign_block(rows, n, answers, threads, one))
      fail({ErrorKind::kInternal, "signing failed", "", ""}, kEnvironment, false);
    for (std::size_t i = 0; i < n; ++i) out += answers[i];
    if (!out.empty() && std::fwrite(out.data(), 1, out.size(), stdout) != out.size())
      fail({ErrorKind::kUnavailable, "standard output cannot be written", "", ""}, kEnvironment, false);
    out.clear();
    progress.advance(done += n);
  }
  if (std::fflush(stdout) != 0)
    fail({ErrorKind::kUnavailable, "standard output cannot be written", "", ""}, kEnvironment, false);
  std::fprintf(stderr, "made %zu tokens (%s)\n", done, std::string(name(signer.alg)).c_str());
  return kYes;
}

}  // namespace sallyport::cli
