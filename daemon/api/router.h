// The table of operations: method, path, who may, and what answers. api/openapi.yaml says
// the same; a test compares the two.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/api/call.h"
#include "daemon/api/decisions_desk.h"
#include "store/store.h"

namespace sallyport::daemon {

struct ConsoleHouse;

// What one worker has of its own: a store serves one thread.
class ApiDesk {
 public:
  explicit ApiDesk(ConsoleHouse& house) : decisions(house), house_(house) {}
  ConsoleHouse& house() noexcept { return house_; }
  // Opened at the first need, for writing.
  Result<Store*, Problem> store();
  DecisionsDesk decisions;

 private:
  ConsoleHouse& house_;
  std::unique_ptr<Store> store_;
};

using Handler = Outcome (*)(ApiDesk&, const Call&);

struct Operation {
  std::string_view method;
  std::string_view path;  // "/users/{username}/password", below /api/v1
  std::string_view id;
  Role role;
  Handler handler;
  bool quiet = false;  // no change: not in the activity log
  std::size_t most_body = 256 * 1024;
};

std::span<const Operation> operations();

struct Match {
  const Operation* operation = nullptr;
  std::map<std::string, std::string, std::less<>> path;
  bool known_path = false;  // there, with another method
  std::string allowed;      // "GET, POST"
};
// `path` as it stands in the request, below /api/v1.
Match match(std::string_view method, std::string_view path);

// %XX and nothing else; nothing where an escape is broken or makes a NUL.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);
// name=value&…; the last of two equal names counts. Nothing where it cannot be read.
std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view query);

}  // namespace sallyport::daemon
