// Users from files of other systems: CSV, EMQX's exports, Mosquitto's password file. The first byte chooses how the
// file is to be read; the bytes come whole and one at a time, and mean the same.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/utf8.h"
#include "input.h"
#include "promise.h"
#include "users/csv_import.h"
#include "users/csv_reader.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

ReadBytes bytes_of(std::string_view text, std::size_t at_a_time) {
  auto rest = std::make_shared<std::string_view>(text);
  return [rest, at_a_time](char* buffer, std::size_t n) {
    const std::size_t taken = std::min({n, at_a_time, rest->size()});
    std::copy_n(rest->data(), taken, buffer);
    rest->remove_prefix(taken);
    return taken;
  };
}

struct Outcome {
  bool opened = false;
  std::vector<ImportedUser> users;
};

Outcome import(std::string_view text, const ImportOptions& options, std::size_t at_a_time) {
  Outcome out;
  auto opened = open_user_import(bytes_of(text, at_a_time), options);
  if (!opened) {
    promise(!opened.error().cause.empty(), "a file that is no table of users has a cause");
    return out;
  }
  out.opened = true;
  ImportedUser user;
  std::size_t row = 0;
  while ((*opened)->next(user)) {
    promise(user.row > row, "rows are counted");
    row = user.row;
    if (user.fault)
      promise(!user.fault->cause.empty(), "a row's fault has a cause");
    else {
      promise(!user.username.empty() && user.username.size() <= 65'535 && is_utf8(user.username) &&
                  user.username.find('\0') == std::string::npos,
              "a name is one that MQTT can carry");
      promise(user.password.empty() != user.hash.empty(), "a user has a password or a hash, and not both");
      if (!user.hash.empty()) promise(check_hash(user.hash).has_value(), "an imported hash can be checked");
    }
    out.users.push_back(std::move(user));
    user = {};
  }
  promise((*opened)->bytes_read() <= text.size(), "no more is read than there is");
  return out;
}

void rows(std::string_view text) {
  ByteStream stream(bytes_of(text, text.size() + 1));
  CsvReader reader(stream);
  CsvRow row;
  while (reader.next(row)) {
    if (row.fault) continue;
    std::string line;
    for (const std::string& field : row.fields) line += (&field == row.fields.data() ? "" : ",") + csv_field(field);
    if (line.empty() || line.starts_with("\xef\xbb\xbf")) continue;  // an empty line is no row; nor is a mark a field
    ByteStream once(bytes_of(line, 7));
    CsvReader again(once);
    CsvRow read;
    promise(again.next(read) && !read.fault && read.fields == row.fields, "a row that is written is the row again");
  }
}

void look(Input in) {
  const std::uint8_t how = in.byte();
  ImportOptions options;
  options.format = static_cast<ImportFormat>(how % 4);
  options.hash = static_cast<ImportHash>(how / 4 % 10);
  if (how >= 128) {
    options.salt_position = SaltPosition::prefix;
    options.salt_encoding = SaltEncoding::hex;
    options.iterations = 1000;
  }
  const Outcome whole = import(in.rest(), options, in.rest().size() + 1), slow = import(in.rest(), options, 1);
  promise(whole.opened == slow.opened && whole.users.size() == slow.users.size(), "a slow file is the same file");
  for (std::size_t i = 0; i < whole.users.size(); ++i) {
    const ImportedUser &a = whole.users[i], &b = slow.users[i];
    promise(a.fault.has_value() == b.fault.has_value() && a.username == b.username && a.password == b.password &&
                a.hash == b.hash && a.enabled == b.enabled && a.is_superuser == b.is_superuser,
            "and its users are the same");
  }
  rows(in.rest());
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::look({data, size});
  return 0;
}
