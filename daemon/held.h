// What a request waits for that cannot be answered yet, or whose answer must not leave
// yet. Kept by its connection; no thread waits with it.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/shared_admissions.h"

namespace sallyport::daemon {

// What becomes of a request that was read: it is answered; it is to be asked again; or its answer waits.
enum class Wait : std::uint8_t { none, to_ask_again, to_send };

struct Held {
  // Ask again, with a snapshot that is newer than this one: keys or a user are being fetched.
  bool for_snapshot = false;
  std::uint64_t generation = 0;
  // Ask again, once the store has said whether another node knows the client.
  std::shared_ptr<SharedAdmissions::Lookup> lookup;
  // The answer is there, and leaves once the admission is stored.
  SharedAdmissions::Ticket ticket = 0;

  bool waits_for_store() const noexcept { return ticket != 0 || (lookup && !for_snapshot); }
};

}  // namespace sallyport::daemon
