// The contracts that the daemon speaks, and what each verdict is in each of them: the
// one table. docs/brokers/README.md is compared with it by a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/modes.h"
#include "daemon/http/response.h"

namespace sallyport::daemon {

// In the order of kHttpContractNames (config/schema_http.h).
enum class Contract : std::uint8_t {
  rabbitmq,
  emqx,
  emqx4,
  vernemq,
  nanomq,
  tbmq,
  eventgrid,
  iotops,
  proxy,
  v1,
  metrics
};
inline constexpr std::size_t kContractCount = 11;

std::string_view name(Contract contract) noexcept;
std::optional<Contract> contract_from_name(std::string_view name) noexcept;

enum class Question : std::uint8_t { connect, topic };

// A contract's words for one verdict.
struct Phrase {
  int status;
  std::string_view body;
};
// For `connect`: who comes in. For `topic` (also vhosts, resources, superuser): what an admitted client may do, where
// nobody asks the chain, so that only allow and deny occur.
Phrase phrase(Contract contract, Question question, Verdict verdict) noexcept;
std::string_view content_type(Contract contract) noexcept;

// Writes the phrase.
void say(Contract contract, Question question, Verdict verdict, http::Response& out);
// For requests that cannot be read, or come from who may not ask. Closed in every contract: where another status than
// 200 means "ask the next one" (EMQX), it is a 200 that denies.
void refuse(Contract contract, int status, std::string_view cause, http::Response& out);

// The table as Markdown.
std::string verdict_table_markdown();

}  // namespace sallyport::daemon
