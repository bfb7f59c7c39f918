// An admission as the store keeps it, for nodes of this version and later ones.
#pragma once

#include <optional>

#include "daemon/topic_rights.h"
#include "store/admission_store.h"

namespace sallyport::daemon {

StoredAdmission to_record(std::string key, const Admission& admission);
// Nothing where a node of another version has written what this one cannot read: then the client is unknown here.
std::optional<Admission> from_record(const StoredAdmission& stored);

}  // namespace sallyport::daemon
