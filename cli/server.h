// A daemon's REST (--server), asked in the place of a store or a control socket. The token
// comes from a file or the environment: what stands in argv, every user of the machine reads.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "net/api_client.h"

namespace sallyport::cli {

struct ServerPlace {
  std::string url, token_file, ca_file;
  bool given() const noexcept { return !url.empty(); }
};

// --config or --server, one of the two, and what belongs to --server.
void add_place_options(CLI::App* command, std::string& config, ServerPlace& server, const std::string& config_words);

void add_token_options(CLI::App* command, ServerPlace& server);

struct ServerAnswer {
  int status = 0;
  nlohmann::json body;
  std::string etag;
};

using Query = std::vector<std::pair<std::string, std::string>>;

class ServerClient {
 public:
  // Leaves with the error where the address, the token or the authorities are not to be used.
  ServerClient(const ServerPlace& place, bool json);

  // `path` below /api/v1, its parts encoded(). Leaves with the problem where the answer is one.
  ServerAnswer get(const std::string& path, const Query& query = {});
  ServerAnswer send(const std::string& method, const std::string& path, const nlohmann::json& body,
                    const std::string& etag = {});
  ServerAnswer upload(const std::string& path, const Query& query, std::string bytes, const std::string& content_type);
  // A list, page by page, at most `limit` items from `cursor` on; `next` as the answer has it.
  struct Listed {
    nlohmann::json items = nlohmann::json::array(), next, last;
  };
  Listed list(const std::string& path, Query query, std::size_t limit, const std::string& cursor = {});

 private:
  ServerAnswer ask(ApiRequest request);
  std::unique_ptr<ApiClient> client_;
  bool json_;
};

// One part of a path, or a value of a query.
std::string encoded(std::string_view text);

}  // namespace sallyport::cli
