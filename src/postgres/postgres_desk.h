// SqlDesk over PostgreSQL: the console's accounts and the kept decisions, shared between
// nodes. A lost connection is an error of the one change; the next call connects again.
#pragma once

#include <memory>
#include <string>

#include "postgres/connection.h"
#include "store/sql_desk.h"

namespace sallyport::postgres {

class PostgresDesk final : public SqlDesk {
 public:
  PostgresDesk(std::string url, DeskOf of) : url_(std::move(url)), of_(of) {}
  // The tables are there afterwards.
  Result<Connection*> connect();

  Result<std::int64_t> run(std::string_view sql, const Row& values) override;
  Result<void> each(std::string_view sql, const Row& values, const std::function<void(const Row&)>& take) override;
  Result<void> insert(std::string_view table, std::string_view columns, const std::vector<Row>& rows) override;
  Result<void> in_one(const std::function<Result<void>()>& work) override;
  std::string holds(std::string_view column, std::string_view mark, bool without_case) const override;
  Result<std::int64_t> bytes_of(std::string_view table) override;

 private:
  Result<Rows> ask(std::string_view sql, const Row& values);
  std::string url_;
  DeskOf of_;
  std::unique_ptr<Connection> connection_;
  bool within_ = false;  // in_one(): a connection made anew would not be in its transaction
};

Result<std::unique_ptr<SqlDesk>> open_postgres_desk(const std::string& url, DeskOf of);

}  // namespace sallyport::postgres
