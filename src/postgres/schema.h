// The tables, version by version. Migrations go forward only, each store under one
// advisory lock, so that three nodes that start at once make them once.
#pragma once

#include "postgres/connection.h"

namespace sallyport::postgres {

// 0: there are no tables. An error where the schema is newer than this program.
Result<int> schema_version(Connection& connection);
int newest_schema() noexcept;
// Up to the newest; a test may stop at an older one.
Result<void> migrate(Connection& connection, int up_to = newest_schema());

}  // namespace sallyport::postgres
