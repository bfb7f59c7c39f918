// A key set that was kept on disk, after somebody else's hands. Half of the inputs have their sum put right, so that
// the fuzzer gets behind it.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "input.h"
#include "net/file_vault.h"
#include "promise.h"

namespace sallyport {
namespace {

constexpr std::string_view kAddress = "https://keys.example/jwks";

std::string sum_of(std::string_view bytes) {
  unsigned long long h = 14695981039346656037ull;
  for (const char c : bytes) {
    h ^= static_cast<unsigned char>(c);
    h *= 1099511628211ull;
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", h);
  return text;
}

struct Place {
  std::string folder, file;
  Place() {
    char name[] = "/dev/shm/sallyport-fuzz-XXXXXX";
    if (!::mkdtemp(name)) std::abort();
    folder = name;
    file = folder + "/" + sum_of(kAddress) + ".jwks";
  }
};
Place& place() {
  static Place* const one = [] {
    auto* made = new Place;
    std::atexit([] {
      ::unlink(place().file.c_str());
      ::rmdir(place().folder.c_str());
    });
    return made;
  }();
  return *one;
}

void write_file(std::string_view text, mode_t mode) {
  std::FILE* const file = std::fopen(place().file.c_str(), "wb");
  if (!file) std::abort();
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
  ::chmod(place().file.c_str(), mode);
}

void look(Input in) {
  FileVault vault(place().folder);
  const std::string address(kAddress);
  const bool right_sum = in.flag();
  std::string text;
  if (right_sum)
    text = "sallyport-jwks 1\n" + sum_of(in.rest()) + "\n" + std::string(in.rest());
  else
    text = in.rest();
  write_file(text, 0600);
  const auto loaded = vault.load(address);
  if (loaded) {
    promise(loaded->address == address, "a document of another address is not this one's");
    promise(text.ends_with(loaded->body), "the document is what stands in the file");
    write_file(text, 0644);
    promise(!vault.load(address), "what others can read is not believed");
    write_file(text, 0600);
    std::string torn = text;
    torn.back() = static_cast<char>(torn.back() ^ 1);
    write_file(torn, 0600);
    promise(!vault.load(address), "a damaged document is none");
    promise(vault.save(*loaded).has_value(), "what was read can be kept");
    const auto again = vault.load(address);
    promise(again && again->body == loaded->body && again->etag == loaded->etag &&
                again->confirmed_at == loaded->confirmed_at,
            "and is the same again");
  }
  StoredDocument mine{address, std::string(in.rest()), std::string(in.line()), 1'800'000'000};
  if (vault.save(mine)) {
    const auto again = vault.load(address);
    promise(again && again->body == mine.body && again->etag == mine.etag, "what is kept is read");
  } else {
    promise(mine.etag.find('\r') != std::string::npos, "only a head of more lines is refused");
  }
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::look({data, size});
  return 0;
}
