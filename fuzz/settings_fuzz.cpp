// Settings: TOML as an operator or the console writes it, read by the schema. Whatever it is, each fault has a cause
// and a place and none repeats a secret; what is taken tells of every setting; a tree that is written is the tree
// again.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/load.h"
#include "config/schema.h"
#include "config/toml_tree.h"
#include "promise.h"

namespace sallyport {
namespace {

constexpr std::string_view kCanary = "canary-4b1d5c2f9a";

void same(const TomlNode& a, const TomlNode& b) {
  promise(a.type == b.type && a.text == b.text && a.integer == b.integer && a.boolean == b.boolean &&
              a.items.size() == b.items.size() && a.members.size() == b.members.size(),
          "a value is the same again");
  for (std::size_t i = 0; i < a.items.size(); ++i) same(a.items[i], b.items[i]);
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    promise(a.members[i].key == b.members[i].key, "a name is the same again");
    same(a.members[i].value, b.members[i].value);
  }
}

void quiet(const std::string& text) {
  promise(text.find(kCanary) == std::string::npos, "no word about settings repeats a secret");
}

void told(const std::vector<Error>& faults) {
  for (const Error& fault : faults) {
    promise(!fault.cause.empty(), "a fault has a cause");
    quiet(fault.cause);
    quiet(fault.hint);
    quiet(fault.place);
  }
}

void tree(std::string_view text) {
  const auto parsed = parse_toml(text, "fuzz");
  if (!parsed) return told({parsed.error()});
  for (const TomlMember& member : parsed->members) {
    const std::string line = "value = " + to_toml(member.value);
    promise(line.find('\n') == std::string::npos, "a value is one line");
    const auto again = parse_toml(line, "again");
    promise(again.has_value() && again->members.size() == 1, "a value that is written can be read");
    same(member.value, again->members.front().value);
  }
}

// A file in memory where there is one.
const std::string& path() {
  static const std::string made = [] {
    char name[] = "/dev/shm/sallyport-fuzz-XXXXXX";
    if (!::mkdtemp(name)) std::abort();
    static std::string file = std::string(name) + "/sallyport.toml";
    std::atexit([] {
      ::unlink(file.c_str());
      ::rmdir(file.substr(0, file.rfind('/')).c_str());
    });
    return file;
  }();
  return made;
}

void whole(std::string_view text) {
  std::FILE* const file = std::fopen(path().c_str(), "wb");
  if (!file) std::abort();
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
  const auto loaded = load_settings(path(), std::nullopt);
  if (!loaded) {
    promise(!loaded.error().faults.empty(), "what does not load has a fault");
    told(loaded.error().faults);
  } else {
    told(loaded->warnings);
    told(loaded->advice);
    promise(loaded->values.size() == schema_settings().size(), "every setting of the schema is told of");
    for (const ShownValue& value : loaded->values) {
      const Setting* setting = find_setting(value.name);
      promise(setting != nullptr, "what is told of is in the schema");
      if (setting->secret) quiet(value.value);
    }
    promise(load_file_only(path()).has_value(), "what loads as a whole loads for its store");
  }
  const auto revision = check_revision(path(), std::string(text), "revision");
  if (!revision) told(revision.error().faults);
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // It is a secret where this target puts it; in a name that bytes are mixed to, it is a name.
  if (text.find(sallyport::kCanary) != std::string_view::npos) return 0;
  // A text that names a file of this machine may read it; what stands in memory is enough.
  sallyport::tree(text);
  sallyport::whole(text);
  sallyport::whole(std::string(text) + "\n[jwt]\nsecret = \"" + std::string(sallyport::kCanary) + "\"\n");
  return 0;
}
