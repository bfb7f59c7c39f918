#include "daemon/standing.h"

namespace sallyport::daemon {

std::optional<EndCause> out_because(const Admission& admission, const ClientName& client, const GateSnapshot& snapshot,
                                    UnixSeconds now) {
  const BarList& bars = *snapshot.bars;
  if (bars.find_client(client.client_id, client.username, {}, now) || bars.find_token(admission.names.marks(), now))
    return EndCause::revoked;
  // While the users cannot be read, everybody is who he was.
  if (admission.authenticator != Authenticator::password || !snapshot.users) return std::nullopt;
  // Not here because nobody asked for him: a change of his would be.
  if (snapshot.must_fetch(client.username)) return std::nullopt;
  const auto user = snapshot.users->find(client.username);
  if (!user || !user->enabled) return EndCause::user_gone;
  return std::nullopt;
}

}  // namespace sallyport::daemon
