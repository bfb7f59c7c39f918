// Call and Reply: a request of the REST as its handlers see it, and what they answer.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/accounts.h"
#include "admin/problem.h"
#include "base/result.h"
#include "daemon/http/stream.h"

namespace sallyport::daemon {

using Json = nlohmann::json;

struct Call {
  std::string_view method;
  std::map<std::string, std::string, std::less<>> path;   // by the name in the pattern, decoded
  std::map<std::string, std::string, std::less<>> query;  // decoded
  std::string_view content_type, accept, if_match, body, cookie;
  std::string address;
  bool secure = false;
  Caller caller;

  std::string_view in_path(std::string_view name) const {
    const auto it = path.find(name);
    return it == path.end() ? std::string_view() : std::string_view(it->second);
  }
  std::optional<std::string_view> in_query(std::string_view name) const {
    const auto it = query.find(name);
    return it == query.end() ? std::nullopt : std::optional<std::string_view>(it->second);
  }
};

struct Reply {
  int status = 200;
  Json body;              // where `text` is empty
  std::string text;       // CSV
  std::string file_name;  // of `text`, for the browser to save
  std::string etag, location, set_cookie;
  std::shared_ptr<http::Stream> stream;  // goes on for as long as both are there
  // For the activity log, where the path does not say it: what it was done to, and what of it is worth telling. No
  // secrets.
  std::string subject, detail;
};

using Outcome = Result<Reply, Problem>;

inline Reply reply(Json body, int status = 200) {
  Reply out;
  out.status = status;
  out.body = std::move(body);
  return out;
}
inline Reply no_content() {
  Reply out;
  out.status = 204;
  return out;
}
inline Json or_null(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }

// The body as a strict JSON object (RFC 8259; no name twice).
Result<Json, Problem> json_body(const Call& call);

// Members of an object, taken one by one; whoever is done says so, and what is left or missing is a Problem.
class Members {
 public:
  explicit Members(const Json& object) : object_(object) {}
  std::string text(const char* name, bool required = true, std::size_t least = 0);
  std::optional<std::string> maybe_text(const char* name);  // null is absent
  std::optional<bool> boolean(const char* name);
  std::optional<std::int64_t> integer(const char* name, std::int64_t least, std::int64_t most);
  std::vector<std::string> texts(const char* name);
  const Json* any(const char* name);
  // Where all of it was understood.
  std::optional<Problem> fault() const;

 private:
  const Json* take(const char* name);
  void refuse(const char* name, std::string cause);
  const Json& object_;
  std::vector<std::string> taken_;
  std::optional<Problem> fault_;
};

// limit and cursor, and whether CSV is wanted (then the limit is "all").
struct Page {
  std::size_t limit = 100;
  std::string cursor;
  bool csv = false;
};
Result<Page, Problem> page_of(const Call& call);
// A whole number of the query.
Result<std::int64_t, Problem> number_of(const Call& call, std::string_view name, std::int64_t fallback);

// If-Match, without which nothing is changed (RFC 6585 3).
Result<std::string, Problem> required_etag(const Call& call);
Problem changed_meanwhile();

}  // namespace sallyport::daemon
