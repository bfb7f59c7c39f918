// JSON as headers and payloads have it, against a library that everybody uses: what the strict reader takes, the other
// takes and reads alike; what it refuses has a fault that strictness, a cap or the other names.
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "codec/json.h"
#include "codec/utf8.h"
#include "promise.h"

namespace sallyport {
namespace {

// What the other reader meets on its way: a name twice, how deep, how many.
class Watcher : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return open(); }
  bool key(string_t& name) override {
    twice = !names.back().insert(name).second || twice;
    return count();
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    out_of_range = e.id / 100 == 4;
    return false;
  }

  bool twice = false, out_of_range = false;
  std::size_t deepest = 0, nodes = 0;

 private:
  bool count() {
    ++nodes;
    return true;
  }
  bool open() {
    names.emplace_back();
    deepest = std::max(deepest, names.size());
    return count();
  }
  bool close() {
    names.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> names;
};

void same(const JsonValue& a, const JsonValue& b) {
  promise(a.type() == b.type() && a.text() == b.text() && a.size() == b.size(), "a value is the same again");
  auto x = a.begin(), y = b.begin();
  for (; x.valid(); x.advance(), y.advance()) {
    promise(y.valid() && x.name() == y.name(), "a member is the same again");
    same(x.value(), y.value());
  }
  promise(!y.valid(), "and there are no more of them");
}

void walk(const JsonValue& value) {
  if (const auto date = numeric_date(value)) {
    // Only where a double is exact enough to ask.
    const double plain = std::strtod(std::string(value.text()).c_str(), nullptr);
    if (std::fabs(plain) < 1e15)
      promise(std::fabs(static_cast<double>(*date) - plain) < 1.001, "a date is the number, rounded up to a second");
  }
  if (const auto number = value.integer())
    promise(std::to_string(*number) == value.text() || value.text() == "-0", "a whole number is its text");
  for (auto c = value.begin(); c.valid(); c.advance()) {
    if (value.is_object()) promise(value.find(c.name()).has_value(), "a member is found by its name");
    walk(c.value());
  }
}

void look(const std::string& text) {
  std::string ours = text;
  JsonTape tape;
  const JsonLimits limits;
  const JsonError error = tape.parse(ours.data(), ours.size(), limits);
  Watcher seen;
  // The other passes over a byte order mark, and takes a NUL for the end.
  const bool theirs = nlohmann::json::sax_parse(text, &seen) && !text.starts_with("\xef\xbb\xbf") &&
                      text.find('\0') == std::string::npos;
  if (error == JsonError::none) {
    // Numbers beyond a double are numbers all the same.
    promise(theirs || seen.out_of_range, "what is taken is JSON");
    promise(!seen.twice, "no name stands twice");
    promise(is_utf8(text), "what is taken is UTF-8");
  } else {
    promise(tape.root().is_null() && tape.error_offset() <= text.size(), "a refused text leaves nothing");
    promise(!theirs || seen.twice || seen.deepest > limits.max_depth || seen.nodes > limits.max_nodes ||
                text.size() > limits.max_bytes,
            "what is refused has a fault or is over a cap");
    return;
  }
  walk(tape.root());
  std::string written;
  append_json_value(written, tape.root());
  const std::string kept = written;
  JsonTape again;
  promise(again.parse(written.data(), written.size(), limits) == JsonError::none, "what is written can be read");
  same(tape.root(), again.root());
  std::string twice;
  append_json_value(twice, again.root());
  promise(twice == kept, "writing settles at once");
  if (const std::size_t n = tape.packed_size(); n > 0) {
    std::string packed(n, '\0');
    tape.pack(packed.data());
    JsonTape unpacked;
    unpacked.unpack(text.data(), packed);
    same(tape.root(), unpacked.root());
  }
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::look(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
