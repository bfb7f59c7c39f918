// How each broker's management API is asked to end one client's connection. Functions of
// values: who asks it is handed in, so that tests need no broker.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "daemon/contract.h"
#include "net/api_client.h"

namespace sallyport::daemon {

// Why a connection is to end.
enum class EndCause : std::uint8_t { expired, revoked, user_gone, by_operator };
std::string_view name(EndCause cause) noexcept;

// A client that is to be ended, as its broker knows it.
struct EndedClient {
  Contract contract{};
  std::string tenant, username, client_id;
  EndCause cause = EndCause::expired;
};

enum class EndResult : std::uint8_t {
  ended,    // it was there
  absent,   // it was not
  unclear,  // the broker does not know yet, or not any more: look again soon
  refused,  // the broker cannot do it to this client; asking again is no use
  away      // the broker does not answer, or not with sense: later again
};

using AskApi = std::function<ApiAnswer(const std::string& method, const std::string& path)>;

// `kind` is a [[brokers]] kind. `cause`: in words, where it is refused or away.
EndResult end_client(std::string_view kind, const EndedClient& client, const AskApi& ask, std::string& cause);

// Everything but letters, digits, "-", "_" and "~" as %XX.
std::string percent_encode(std::string_view text);

}  // namespace sallyport::daemon
