// The tables, version by version. Migrations go forward only, each store under one
// advisory lock, so that three nodes that start at once make them once.
#pragma once

#include "postgres/connection.h"

namespace sallyport::postgres {

// 0: there are no tables. An error where the schema is newer than this program.
Result<int> schema_version(Connection& connection);
Result<void> migrate(Connection& connection);

}  // namespace sallyport::postgres
