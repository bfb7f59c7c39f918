// A running process's answer, read with care: what another process says is shown, never trusted to be there, to be of
// its type, or to be harmless.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sallyport::cli {

void print_reply(const nlohmann::json& value);

// A member; null where there is none.
const nlohmann::json& member(const nlohmann::json& object, const char* name);
// Empty, 0, false where it is not there or of another type; text is printable.
std::string text(const nlohmann::json& object, const char* name);
std::int64_t number(const nlohmann::json& object, const char* name);
bool yes(const nlohmann::json& object, const char* name);
std::vector<std::string> texts(const nlohmann::json& list);

}  // namespace sallyport::cli
