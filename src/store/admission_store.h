// AdmissionStore: who was let in, for the other nodes. A client's first question may go
// to one node and the next, a millisecond later, to another; so what one node admits is
// on disk here before its answer leaves.
//
// A key stands for contract, tenant, user name and client id, of which none is kept. One
// object serves one thread at a time; after an error the same object is asked again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport {

struct StoredAdmission {
  std::string key;     // 32 bytes
  std::string record;  // the daemon's own words (daemon/admission_record.h)
  std::optional<UnixSeconds> ends_at;
  std::int64_t at_ms = 0;  // when it was decided: of two of one key the later one is kept
};

struct AdmissionNotice {
  std::string key;
  std::int64_t at_ms = 0;
};

class AdmissionStore {
 public:
  virtual ~AdmissionStore() = default;
  // All or nothing, on disk when it returns; tells the other nodes. No key may stand there twice.
  virtual Result<void> put(const std::vector<StoredAdmission>& admissions) = 0;
  // Those of these keys that are there. With no keys: whether the store answers.
  virtual Result<std::vector<StoredAdmission>> find(const std::vector<std::string>& keys) = 0;
  // What was stored since the store's own moment `since`, the oldest first, and its moment now.
  struct Stored {
    std::vector<AdmissionNotice> admissions;
    std::int64_t now = 0;
  };
  virtual Result<Stored> stored_since(std::int64_t since, std::size_t limit) = 0;
  // Takes out what is over, and, where there are more than `most`, the oldest. The number taken out.
  virtual Result<std::size_t> sweep(UnixSeconds now, std::size_t most) = 0;
};

}  // namespace sallyport
