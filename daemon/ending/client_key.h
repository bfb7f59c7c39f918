// A client's connection as one key: contract, tenant, user name, client id.
#pragma once

#include <string>
#include <string_view>

#include "daemon/contract.h"
#include "daemon/topic_rights.h"

namespace sallyport::daemon {

// Length-prefixed, so that no two clients share a key: ("a", "bc") is not ("ab", "c").
void make_client_key(std::string& out, Contract contract, const ClientName& client);

struct ClientOfKey {
  Contract contract{};
  ClientName name;  // views into the key
};
// Of a key that make_client_key() made.
ClientOfKey read_client_key(std::string_view key) noexcept;

}  // namespace sallyport::daemon
