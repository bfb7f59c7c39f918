#include "store/tables.h"

namespace sallyport {

const std::vector<Table>& moved_tables() {
  using enum ColumnKind;
  static const std::vector<Table> all = {
      {"users",
       {{"username", bytes}, {"hash", text}, {"enabled", boolean}, {"is_superuser", boolean}, {"seq", number}}},
      {"settings_revisions",
       {{"number", number},
        {"toml", text},
        {"author", text},
        {"comment", text},
        {"created_at", number},
        {"seq", number}}},
      {"bars",
       {{"id", number},
        {"kind", number},
        {"value", bytes},
        {"issuer", bytes},
        {"issued_before", number},
        {"until", number},
        {"why", bytes},
        {"author", bytes},
        {"created_at", number},
        {"removed", boolean},
        {"seq", number}},
       "id"},
  };
  return all;
}

const std::vector<Table>& console_tables() {
  using enum ColumnKind;
  static const std::vector<Table> all = {
      {"console_administrators",
       {{"name", text},
        {"role", text},
        {"enabled", number},
        {"hash", text},
        {"created_at", number},
        {"last_seen_at", number},
        {"version", number}}},
      {"console_api_tokens",
       {{"id", text},
        {"name", text},
        {"role", text},
        {"owner", text},
        {"digest", text},
        {"created_at", number},
        {"ends_at", number},
        {"last_seen_at", number}}},
      // Its numbers are given anew, in their order.
      {"console_activity",
       {{"at", number},
        {"who", bytes},
        {"address", bytes},
        {"what", bytes},
        {"subject", bytes},
        {"outcome", bytes},
        {"detail", bytes}}},
  };
  return all;
}

bool is_console_table(const Table& table) { return std::string_view(table.name).starts_with("console_"); }

const std::vector<std::string_view>& staying_tables() {
  static const std::vector<std::string_view> all = {"meta",      "deleted_users",    "admissions",
                                                    "decisions", "console_sessions", "console_invitations"};
  return all;
}

std::string column_list(const Table& table) {
  std::string out;
  for (const Column& column : table.columns) {
    if (!out.empty()) out += ", ";
    out += column.name;
  }
  return out;
}

const std::vector<const Table*>& numbered_tables() {
  static const std::vector<const Table*> all = [] {
    std::vector<const Table*> out;
    for (const Table& table : moved_tables())
      for (const Column& column : table.columns)
        if (std::string_view(column.name) == "seq") out.push_back(&table);
    return out;
  }();
  return all;
}

std::string ahead_of_sequence(std::int64_t rows, const Table& table) {
  return std::to_string(rows) + " rows of " + table.name +
         " have a number that the sequence has not reached: nodes will not see them change";
}

const Table* moved_table(std::string_view name) {
  for (const auto* tables : {&moved_tables(), &console_tables()})
    for (const Table& table : *tables)
      if (table.name == name) return &table;
  return nullptr;
}

}  // namespace sallyport
