#include "cli/store_lines.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "codec/base64url.h"
#include "codec/utf8.h"

namespace sallyport::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<Value> read_value(const Json& json, ColumnKind kind) {
  const bool wants_number = kind == ColumnKind::number || kind == ColumnKind::boolean;
  if (json.is_null()) return Value();
  if (json.is_number_integer() && wants_number) return Value(json.get<std::int64_t>());
  if (json.is_string() && !wants_number) return Value(json.get<std::string>());
  if (json.is_object() && json.size() == 1 && json.contains("base64") && json["base64"].is_string() && !wants_number)
    if (std::optional<std::string> bytes = decode_base64_lenient(json["base64"].get_ref<const std::string&>()))
      return Value(std::move(*bytes));
  return unexpected(invalid("a value is not of its column's kind"));
}

}  // namespace

std::string head_line() { return R"({"sallyport_store":1})"; }
std::string end_line(std::size_t rows) { return fmt::format(R"({{"rows":{}}})", rows); }

std::string row_line(const Table& table, const Row& row) {
  Json line = Json::array({table.name});
  for (const Value& value : row) {
    if (const auto* number = std::get_if<std::int64_t>(&value))
      line.push_back(*number);
    else if (const auto* text = std::get_if<std::string>(&value))
      line.push_back(is_utf8(*text) ? Json(*text) : Json{{"base64", encode_base64(*text)}});
    else
      line.push_back(nullptr);
  }
  return line.dump();
}

Result<NextRow> StoreLines::next() {
  const auto fault = [&](std::string_view cause) {
    return unexpected(invalid(fmt::format("line {}: {}", number_, cause), "take the file that store export wrote"));
  };
  for (;;) {
    const Result<bool> there = read_(line_);
    if (!there) return unexpected(there.error());
    ++number_;
    if (!*there) return fault("the file ends early");
    const Json json = Json::parse(line_, nullptr, false);
    if (number_ == 1) {
      if (!json.is_object() || !json.contains("sallyport_store")) return fault("this is no export of a store");
      if (json["sallyport_store"] != 1)
        return unexpected(invalid("the export is of a version that this program does not know",
                                  "a newer sallyport has written it: install that version here too"));
      continue;
    }
    if (json.is_object() && json.contains("rows")) {
      if (json["rows"] != rows_) return fault("rows are missing");
      const Result<bool> more = read_(line_);
      if (!more) return unexpected(more.error());
      if (*more) return fault("there is something behind the end");
      return NextRow{};
    }
    if (!json.is_array() || json.empty() || !json[0].is_string()) return fault("this is no row");
    NextRow next;
    next.table = moved_table(json[0].get_ref<const std::string&>());
    if (!next.table) return fault("a table that this program does not know");
    if (json.size() != next.table->columns.size() + 1) return fault("a row of another length than its table's");
    for (std::size_t i = 1; i < json.size(); ++i) {
      Result<Value> value = read_value(json[i], next.table->columns[i - 1].kind);
      if (!value) return fault(value.error().cause);
      next.row.push_back(std::move(*value));
    }
    ++rows_;
    return next;
  }
}

}  // namespace sallyport::cli
