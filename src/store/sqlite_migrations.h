// The schema and its versions. Forward only, one transaction, safe when several start at once.
#pragma once

#include "store/sqlite_connection.h"

namespace sallyport {

// What a file holds: a store of this schema version; 0: nothing yet.
Result<int> schema_version(SqliteConnection& connection);
int newest_schema() noexcept;
// Brings the schema up to newest_schema(). A newer one, or another program's database, is refused and left untouched.
Result<void> migrate(SqliteConnection& connection);

}  // namespace sallyport
