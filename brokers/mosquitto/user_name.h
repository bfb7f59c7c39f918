// What may become a broker's user name: it goes into logs, messages' origins and ACL
// files, so a claim that holds a newline or broken UTF-8 must not.
#pragma once

#include <string_view>

namespace sallyport::mosquitto {

// Not empty, at most 65,535 bytes, valid UTF-8 without control characters, surrogates and noncharacters.
bool is_sane_user_name(std::string_view name) noexcept;

}  // namespace sallyport::mosquitto
