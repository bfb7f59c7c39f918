// One connection to PostgreSQL. libpq is here and nowhere else. Every statement is
// parameterized; values never stand in its text, and never in an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

struct pg_conn;
struct pg_result;

namespace sallyport::postgres {

// A parameter: bytes as they are (bytea, text), or a number.
struct Param {
  std::string bytes;
  bool binary = true, null = false;
  Param(std::string_view raw) : bytes(raw) {}                                   // NOLINT: implicit by design
  Param(const std::string& raw) : bytes(raw) {}                                 // NOLINT
  Param(std::int64_t number) : bytes(std::to_string(number)), binary(false) {}  // NOLINT
  Param(std::nullptr_t) : null(true) {}                                         // NOLINT
  Param(bool yes) : bytes(yes ? "t" : "f"), binary(false) {}                    // NOLINT
};

class Rows {
 public:
  explicit Rows(pg_result* result) : result_(result) {}
  std::size_t size() const noexcept;
  std::string_view bytes(std::size_t row, int column) const noexcept;
  std::int64_t integer(std::size_t row, int column) const noexcept;  // int8
  bool boolean(std::size_t row, int column) const noexcept;
  bool null(std::size_t row, int column) const noexcept;
  int columns() const noexcept;
  bool is_number(int column) const noexcept;  // int8
  // Rows that an INSERT, UPDATE or DELETE touched.
  std::int64_t touched() const noexcept;

 private:
  struct Clear {
    void operator()(pg_result* result) const noexcept;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const std::string& url);
  // Types of parameters: found by PostgreSQL where they stand, or said: a number is int8, bytes are bytea.
  enum class Types : std::uint8_t { found, said };
  // Results come in binary form.
  Result<Rows> query(const char* sql, const std::vector<Param>& params = {}, Types types = Types::found);
  Result<void> execute(const char* sql, const std::vector<Param>& params = {});
  // For those who wait for notifications: what to poll, and what has come.
  int descriptor() const noexcept;
  void take_notices(const std::function<void(std::string_view payload)>& take);
  // Whether the other end is gone: a new connection is needed.
  bool broken() const noexcept;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const noexcept;
  };
  explicit Connection(pg_conn* raw) : raw_(raw) {}
  std::unique_ptr<pg_conn, Finish> raw_;
  bool lost_ = false;
};

// Rolled back where it was not committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, const char* how);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace sallyport::postgres
