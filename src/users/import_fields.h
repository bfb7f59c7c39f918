// One row of an import as it stands in the file, and what it means.
#pragma once

#include <optional>
#include <string>

#include "users/csv_import.h"

namespace sallyport {

struct ImportFields {
  std::size_t row = 0;
  std::string username, password, hash, salt, is_superuser, enabled;
  std::optional<Error> fault;
};

// The field that a column of this name fills; null: no such column. Case and spaces around it do not count.
std::string ImportFields::*field_named(std::string_view column);
inline constexpr std::string_view kKnownColumns =
    "known: username (or user_id), password, password_hash, salt, is_superuser, enabled";

// `row_word`: "row" or "line".
void interpret(ImportFields&& fields, const ImportOptions& options, std::string_view row_word, ImportedUser& user);

}  // namespace sallyport
