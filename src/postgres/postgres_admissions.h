// Admissions in PostgreSQL.
#pragma once

#include <memory>
#include <string>

#include "postgres/connection.h"
#include "store/admission_store.h"

namespace sallyport::postgres {

class PostgresAdmissions final : public AdmissionStore {
 public:
  // `node` names this process to the others, so that it does not listen to itself.
  PostgresAdmissions(std::string url, std::string node) : url_(std::move(url)), node_(std::move(node)) {}
  Result<void> put(const std::vector<StoredAdmission>& admissions) override;
  Result<std::vector<StoredAdmission>> find(const std::vector<std::string>& keys) override;
  Result<Stored> stored_since(std::int64_t since, std::size_t limit) override;
  Result<std::size_t> sweep(UnixSeconds now, std::size_t most) override;

 private:
  Result<Connection*> connect();
  std::string url_, node_;
  std::unique_ptr<Connection> connection_;
};

// What a notification of the channel says; nothing where it is this node's own, or cannot be read.
std::vector<AdmissionNotice> read_notice(std::string_view payload, std::string_view own_node);

}  // namespace sallyport::postgres
