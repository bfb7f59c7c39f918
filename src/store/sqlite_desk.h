// SqlDesk over one SQLite file.
#pragma once

#include <memory>

#include "store/sql_desk.h"
#include "store/sqlite_connection.h"

namespace sallyport {

class SqliteDesk final : public SqlDesk {
 public:
  explicit SqliteDesk(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}
  Result<std::int64_t> run(std::string_view sql, const Row& values) override;
  Result<void> each(std::string_view sql, const Row& values, const std::function<void(const Row&)>& take) override;
  Result<void> insert(std::string_view table, std::string_view columns, const std::vector<Row>& rows) override;
  Result<void> in_one(const std::function<Result<void>()>& work) override;
  std::string holds(std::string_view column, std::string_view mark, bool without_case) const override;
  Result<std::int64_t> bytes_of(std::string_view table) override;
  Result<void> tidy() override;

 private:
  Result<Statement> prepared(std::string_view sql, const Row& values);
  std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace sallyport
