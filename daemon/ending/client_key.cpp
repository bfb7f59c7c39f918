#include "daemon/ending/client_key.h"

namespace sallyport::daemon {

void make_client_key(std::string& out, Contract contract, const ClientName& client) {
  out.clear();
  out += static_cast<char>(contract);
  for (const std::string_view part : {client.tenant, client.username}) {
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(part.size() >> shift);
    out += part;
  }
  out += client.client_id;
}

ClientOfKey read_client_key(std::string_view key) noexcept {
  ClientOfKey out;
  if (key.empty()) return out;
  out.contract = static_cast<Contract>(key[0]);
  key.remove_prefix(1);
  for (std::string_view* part : {&out.name.tenant, &out.name.username}) {
    if (key.size() < 4) return out;
    std::size_t size = 0;
    for (unsigned i = 0; i < 4; ++i) size |= static_cast<std::size_t>(static_cast<unsigned char>(key[i])) << 8 * i;
    key.remove_prefix(4);
    *part = key.substr(0, size);
    key.remove_prefix(part->size());
  }
  out.name.client_id = key;
  return out;
}

}  // namespace sallyport::daemon
