#include "users/csv_import.h"

#include <fmt/format.h>

#include <vector>

#include "codec/json.h"
#include "users/csv_reader.h"
#include "users/import_fields.h"

namespace sallyport {
namespace {

// Three kinds of file, one after the other: CSV with a header, Mosquitto's lines, a JSON array of objects.
class CsvUsers final : public UserImport {
 public:
  CsvUsers(ByteStream bytes, ImportOptions options) : bytes_(std::move(bytes)), options_(options), reader_(bytes_) {}
  CsvUsers(const CsvUsers&) = delete;

  Result<void> read_header() {
    CsvRow header;
    if (!reader_.next(header))
      return unexpected(invalid("the file is empty", "it starts with a header; see: sallyport user template"));
    if (header.fault) return unexpected(*header.fault);
    for (std::size_t i = 0; i < header.fields.size(); ++i) {
      std::string ImportFields::*field = field_named(header.fields[i]);
      const std::string place = fmt::format("row 1, column {}", i + 1);
      if (!field && header.fields.size() == 1 && header.fields[0].find(';') != std::string::npos)
        return unexpected(invalid("the columns are separated by semicolons", "save the file with commas", place));
      if (!field)
        return unexpected(invalid("the header names a column that is not known", std::string(kKnownColumns), place));
      for (const auto other : columns_)
        if (other == field) return unexpected(invalid("the header names a column twice", "", place));
      columns_.push_back(field);
    }
    const auto has = [&](std::string ImportFields::*field) {
      for (const auto column : columns_)
        if (column == field) return true;
      return false;
    };
    if (!has(&ImportFields::username))
      return unexpected(invalid("the header has no column username", std::string(kKnownColumns), "row 1"));
    if (!has(&ImportFields::password) && !has(&ImportFields::hash))
      return unexpected(
          invalid("the header has neither password nor password_hash", std::string(kKnownColumns), "row 1"));
    return {};
  }

  bool next(ImportedUser& user) override {
    if (!reader_.next(row_)) return false;
    ImportFields fields;
    fields.row = row_.number;
    fields.fault = std::move(row_.fault);
    if (!fields.fault && row_.fields.size() != columns_.size())
      fields.fault = invalid(fmt::format("{} fields where the header has {}", row_.fields.size(), columns_.size()),
                             "a field with a comma in it stands in quotes", fmt::format("row {}", row_.number));
    for (std::size_t i = 0; i < columns_.size() && i < row_.fields.size(); ++i)
      fields.*columns_[i] = std::move(row_.fields[i]);
    interpret(std::move(fields), options_, "row", user);
    return true;
  }
  std::size_t bytes_read() const override { return bytes_.taken(); }

 private:
  ByteStream bytes_;
  ImportOptions options_;
  CsvReader reader_;
  CsvRow row_;
  std::vector<std::string ImportFields::*> columns_;
};

class MosquittoUsers final : public UserImport {
 public:
  MosquittoUsers(ByteStream bytes, ImportOptions options) : bytes_(std::move(bytes)), options_(options) {}

  bool next(ImportedUser& user) override {
    for (;;) {
      if (bytes_.peek() == ByteStream::kEnd) return false;
      std::string line;
      bool too_long = false;
      for (int byte; (byte = bytes_.get()) != ByteStream::kEnd && byte != '\n';) {
        if (line.size() < kMaxCsvRow)
          line += static_cast<char>(byte);
        else
          too_long = true;
      }
      ++number_;
      if (line.ends_with('\r')) line.pop_back();
      if (line.empty() || line[0] == '#') continue;
      ImportFields fields;
      fields.row = number_;
      const std::size_t colon = line.find(':');
      if (too_long) {
        fields.fault =
            invalid(fmt::format("the line is longer than {} bytes", kMaxCsvRow), "", fmt::format("line {}", number_));
      } else if (colon == std::string::npos) {
        fields.fault = invalid("there is no colon between name and hash",
                               "lines of a Mosquitto password file read name:$7$…", fmt::format("line {}", number_));
      } else {
        fields.username = line.substr(0, colon);
        fields.hash = line.substr(colon + 1);
        if (!fields.hash.starts_with('$') && options_.hash == ImportHash::automatic)
          fields.fault = invalid("the password is not hashed",
                                 "hash the file first with: mosquitto_passwd -U FILE, or say --hash plain",
                                 fmt::format("line {}, column password_hash", number_));
      }
      interpret(std::move(fields), options_, "line", user);
      return true;
    }
  }
  std::size_t bytes_read() const override { return bytes_.taken(); }

 private:
  ByteStream bytes_;
  ImportOptions options_;
  std::size_t number_ = 0;
};

class JsonUsers final : public UserImport {
 public:
  JsonUsers(ByteStream bytes, ImportOptions options) : bytes_(std::move(bytes)), options_(options) {}

  bool next(ImportedUser& user) override {
    if (done_) return false;
    // Between objects: white space, commas, the array's brackets.
    for (int byte = bytes_.peek();
         byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == ',' || byte == '[' || byte == ']';
         byte = bytes_.peek())
      bytes_.get();
    if (bytes_.peek() == ByteStream::kEnd) return false;
    ImportFields fields;
    fields.row = ++number_;
    const std::string place = fmt::format("entry {}", number_);
    std::string text;
    if (bytes_.peek() != '{' || !read_object(text)) {
      // Where one object is broken off nothing tells where the next begins.
      done_ = true;
      fields.fault = invalid("the JSON is damaged here, or longer than can be", "what follows cannot be read", place);
    } else {
      read_members(text, place, fields);
    }
    interpret(std::move(fields), options_, "entry", user);
    return true;
  }
  std::size_t bytes_read() const override { return bytes_.taken(); }

 private:
  static constexpr std::size_t kMaxObject = 512 * 1024;

  bool read_object(std::string& text) {
    int depth = 0;
    bool in_string = false, escaped = false;
    for (int byte; (byte = bytes_.get()) != ByteStream::kEnd;) {
      if (text.size() >= kMaxObject) return false;
      text += static_cast<char>(byte);
      if (in_string) {
        if (escaped)
          escaped = false;
        else if (byte == '\\')
          escaped = true;
        else if (byte == '"')
          in_string = false;
      } else if (byte == '"') {
        in_string = true;
      } else if (byte == '{') {
        ++depth;
      } else if (byte == '}' && --depth == 0) {
        return true;
      }
    }
    return false;
  }
  void read_members(std::string& text, const std::string& place, ImportFields& fields) {
    const JsonError error = tape_.parse(text.data(), text.size(), {kMaxObject, 4, 1000});
    if (error != JsonError::none || !tape_.root().is_object()) {
      fields.fault = invalid(fmt::format("this is no JSON object: {}", to_text(error)),
                             "an entry is {\"user_id\": \"…\", \"password_hash\": \"…\"}", place);
      return;
    }
    for (JsonValue::Cursor c = tape_.root().begin(); c.valid(); c.advance()) {
      std::string ImportFields::*field = field_named(c.name());
      const bool scalar = c.value().is_string() || c.value().type() == JsonType::boolean || c.value().is_number();
      if (field && scalar && (fields.*field).empty())
        fields.*field = std::string(c.value().text());
      else if (!field || !c.value().is_null())
        fields.fault = invalid("the entry has a member that is not known, comes twice or is no text",
                               std::string(kKnownColumns), place);
    }
  }
  ByteStream bytes_;
  ImportOptions options_;
  JsonTape tape_;
  std::size_t number_ = 0;
  bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<UserImport>> open_user_import(ReadBytes read, const ImportOptions& options) {
  ByteStream bytes(std::move(read));
  const std::string_view start = bytes.ahead(4096);
  if (start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff"))
    return unexpected(invalid("the file is UTF-16", "save it as CSV UTF-8"));
  const std::size_t text = start.find_first_not_of(" \t\r\n");
  const char first = text == std::string_view::npos ? '\0' : start[text];
  const std::string_view line = start.substr(0, start.find('\n'));
  const bool json = (first == '[' || first == '{') && options.format != ImportFormat::mosquitto;
  // Mosquitto's file has no header: a name, a colon, a hash, and no comma before the hash.
  const std::size_t colon = line.find(":$");
  const bool lines = options.format == ImportFormat::mosquitto ||
                     (options.format == ImportFormat::automatic && colon != std::string_view::npos &&
                      line.substr(0, colon).find(',') == std::string_view::npos);
  if (json) return std::unique_ptr<UserImport>(new JsonUsers(std::move(bytes), options));
  if (lines) return std::unique_ptr<UserImport>(new MosquittoUsers(std::move(bytes), options));
  auto csv = std::make_unique<CsvUsers>(std::move(bytes), options);
  if (Result<void> header = csv->read_header(); !header) return unexpected(header.error());
  return std::unique_ptr<UserImport>(std::move(csv));
}

}  // namespace sallyport
