#include "cli/commands/convert.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/uninterrupted.h"
#include "cli/command.h"
#include "cli/output.h"
#include "config/convert.h"
#include "config/file_bytes.h"

namespace sallyport::cli {
namespace {

struct ConvertOptions {
  std::string from, output, users;
  std::vector<std::string> files;
  bool json = false;
};

constexpr std::size_t kMaxConvertBytes = 256 * 1024 * 1024;  // password files are long

ConvertFrom source(const std::string& from) {
  return from == "emqx" ? ConvertFrom::emqx : from == "mosquitto" ? ConvertFrom::mosquitto : ConvertFrom::go_auth;
}

// A path of the other machine may be beside the file that names it here.
Result<std::string> read_named(const std::string& path, const std::string& beside) {
  const std::filesystem::path folder = std::filesystem::path(beside).parent_path();
  auto file = read_file_bytes(path, kMaxConvertBytes);
  if (!file) file = read_file_bytes((folder / path).string(), kMaxConvertBytes);
  if (!file) file = read_file_bytes((folder / std::filesystem::path(path).filename()).string(), kMaxConvertBytes);
  if (!file) return unexpected(Error{ErrorKind::kNotFound, "cannot read " + path, "copy it beside " + beside, ""});
  return std::move(file->bytes);
}

// Holds secrets or hashes: private, and never over a file that is there.
void write_private(const std::string& path, const std::string& text, bool json) {
  const int fd = uninterrupted([&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); });
  if (fd < 0)
    fail({errno == EEXIST ? ErrorKind::kConflict : ErrorKind::kDenied,
          fmt::format("cannot write {}: {}", path, std::strerror(errno)),
          errno == EEXIST ? "name another file, or remove it first" : "", ""},
         json);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = ::write(fd, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  if (::close(fd) != 0 || written < text.size()) {
    ::unlink(path.c_str());
    fail({ErrorKind::kUnavailable, "cannot write " + path, "is the disk full?", ""}, json);
  }
}

void run(const ConvertOptions& options) {
  std::vector<ConvertFile> files;
  for (const std::string& path : options.files) {
    auto file = read_file_bytes(path, kMaxConvertBytes);
    if (!file) fail(file.error(), options.json);
    files.push_back({path, std::move(file->bytes)});
  }
  const ReadFile read = [&](const std::string& path) { return read_named(path, options.files.front()); };
  const auto converted = convert(source(options.from), files, read);
  if (!converted) fail(converted.error(), options.json);

  const std::string toml = converted_toml(*converted, options.from);
  if (!options.output.empty()) write_private(options.output, toml, options.json);
  if (!options.users.empty()) write_private(options.users, converted_users_csv(*converted), options.json);
  if (options.json) {
    nlohmann::ordered_json notes = nlohmann::ordered_json::array();
    for (const ConvertNote& note : converted->notes)
      notes.push_back({{"place", note.place}, {"what", note.what}, {"why", note.why}});
    nlohmann::ordered_json out{
        {"settings", toml}, {"users", converted->users.size()}, {"not_taken_over", std::move(notes)}};
    std::puts(out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return;
  }
  if (options.output.empty()) std::fputs(toml.c_str(), stdout);
  std::string said = fmt::format("took over {} settings and {} users; {} things have no counterpart{}\n",
                                 converted->settings.size(), converted->users.size(), converted->notes.size(),
                                 converted->notes.empty() ? "" : ", named in the head of the settings");
  if (!converted->users.empty() && options.users.empty())
    said += "  hint: write the users too with: --users users.csv, then: sallyport user import\n";
  std::fputs(said.c_str(), stderr);
}

}  // namespace

void add_convert_command(CLI::App& config) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* convert = config.add_subcommand(
      "convert", "settings and users of another gate as ours, with a list of what has no counterpart and why");
  convert->add_option("--from", options->from, "mosquitto-go-auth, mosquitto or emqx")
      ->required()
      ->check(CLI::IsMember({"mosquitto-go-auth", "mosquitto", "emqx"}));
  convert->add_option("files", options->files, "its settings files, and password files")->required();
  convert->add_option("--output", options->output, "write the settings to this new file (default: standard output)");
  convert->add_option("--users", options->users, "write the users to this new CSV file, for sallyport user import");
  convert->add_flag("--json", options->json, "one JSON object");
  convert->footer(
      "Example:\n  sallyport config convert --from mosquitto-go-auth /etc/mosquitto/conf.d/go-auth.conf --output "
      "sallyport.toml --users users.csv");
  convert->callback([options] { run(*options); });
}

}  // namespace sallyport::cli
