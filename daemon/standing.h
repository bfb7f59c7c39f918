// Whether somebody who was admitted may still be here, by what the gate knows now.
#pragma once

#include <optional>

#include "auth/gate_snapshot.h"
#include "daemon/ending/broker_calls.h"
#include "daemon/topic_rights.h"

namespace sallyport::daemon {

// Why he is out before his time; nothing: he is not. His exp is not looked at here.
std::optional<EndCause> out_because(const Admission& admission, const ClientName& client, const GateSnapshot& snapshot,
                                    UnixSeconds now);

}  // namespace sallyport::daemon
