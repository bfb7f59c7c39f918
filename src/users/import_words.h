// How a file of users is to be read, in the words that the command line and the REST share.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "users/csv_import.h"

namespace sallyport {

struct ImportWords {
  std::string_view format = "auto";         // csv, emqx, mosquitto
  std::string_view hash = "auto";           // what made password_hash
  std::string_view salt_position{};         // prefix, suffix, none; empty: as the format has it
  std::string_view salt_encoding = "text";  // hex, base64
  std::int64_t iterations = 0;              // of pbkdf2; 0: as the format has it
};
inline constexpr std::int64_t kMostImportIterations = 1'500'000;

// An Error's place is the member that is wrong.
Result<ImportOptions> to_import_options(const ImportWords& words);

}  // namespace sallyport
