// What a token will say: claims with ${column} in them, made into a payload for each row.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::cli {

// Fields of a row by column; for a token by itself there are none.
struct Row {
  const std::vector<std::string>* columns = nullptr;
  const std::vector<std::string>* fields = nullptr;
};

// Text with ${column} in it; $$ is a dollar.
class Template {
 public:
  // An error names a column that is not there.
  static Result<Template> parse(std::string_view text, const std::vector<std::string>& columns);
  // An error names a column that is empty in this row: a placeholder with nothing behind it makes no claim.
  Result<std::string> render(const Row& row) const;
  bool constant() const noexcept;
  // Whether it is one placeholder and nothing else.
  bool single() const noexcept { return pieces_.size() == 1 && pieces_[0].column; }

 private:
  struct Piece {
    std::string text;
    std::optional<std::size_t> column;
  };
  std::vector<Piece> pieces_;
};

struct ClaimSources {
  std::vector<std::string> claims;  // name=text, name:=json
  std::string claims_json;
  std::string subject, issuer;
  std::vector<std::string> audience;
  std::optional<std::int64_t> ttl, not_before;  // seconds from now
  bool iat = true, jti = false;
};

class ClaimPlan {
 public:
  static Result<ClaimPlan> make(const ClaimSources& sources, const std::vector<std::string>& columns);
  // The payload, a JSON object.
  Result<std::string> payload(const Row& row, UnixSeconds now) const;

 private:
  struct Claim {
    std::string name;
    enum class Kind { text, raw_json, json } kind = Kind::text;
    Template value;    // text and raw_json
    std::string json;  // json: as it was given
  };
  std::vector<Claim> claims_;
  std::vector<std::string> columns_;
  std::optional<std::int64_t> ttl_, not_before_;
  bool iat_ = true, jti_ = false;
};

}  // namespace sallyport::cli
