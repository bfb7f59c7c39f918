// The two shapes of statements that ConsoleStore has: one that changes, one that lists.
#pragma once

#include <utility>
#include <vector>

#include "store/console_store.h"
#include "store/sqlite_connection.h"

namespace sallyport {

template <class Bind>
Result<void> ConsoleStore::run(std::string_view sql, Bind&& bind) {
  Result<Statement> statement = connection_->prepare(sql);
  if (!statement) return unexpected(statement.error());
  bind(*statement);
  return statement->run();
}

template <class T, class Bind, class Read>
Result<std::vector<T>> ConsoleStore::rows(std::string_view sql, Bind&& bind, Read&& read) {
  Result<Statement> statement = connection_->prepare(sql);
  if (!statement) return unexpected(statement.error());
  bind(*statement);
  std::vector<T> out;
  for (;;) {
    const Result<bool> row = statement->step();
    if (!row) return unexpected(row.error());
    if (!*row) return out;
    out.push_back(read(*statement));
  }
}

template <class T>
Result<std::optional<T>> first_of(Result<std::vector<T>> found) {
  if (!found) return unexpected(found.error());
  if (found->empty()) return std::optional<T>();
  return std::optional<T>(std::move(found->front()));
}

// 0 in the file is "never".
inline std::optional<UnixSeconds> moment_of(std::int64_t value) {
  return value ? std::optional<UnixSeconds>(value) : std::nullopt;
}

}  // namespace sallyport
