// BarList: all revocations and blocks, immutable, structure-sharing: the next list of a
// million costs the few that changed. At most 100 bytes a bar of an usual jti, since
// marks stand in the names' places; a check is a few hundred nanoseconds and allocates
// nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "bars/bar.h"
#include "bars/token_marks.h"

namespace sallyport {

// The bar that keeps somebody out. `why` lives as long as the list.
struct BarHit {
  std::int64_t id = 0;
  BarKind kind{};
  std::string_view why;
};

// How many patterns are held against each client: they can only be tried one by one.
inline constexpr std::size_t kMaxBarPatterns = 1'000;

class BarList {
 public:
  BarList();
  ~BarList();

  // Whether a token is revoked. A token without iat counts as issued before any time.
  std::optional<BarHit> find_token(const TokenMarks& token, UnixSeconds now) const noexcept;
  // Whether a client is blocked; an empty field is absent, an address that is none is not looked at.
  std::optional<BarHit> find_client(std::string_view client_id, std::string_view username, std::string_view address,
                                    UnixSeconds now) const noexcept;
  // Whether this name is blocked as a user name, for names that are known later.
  std::optional<BarHit> find_username(std::string_view username, UnixSeconds now) const noexcept;

  std::size_t revocations() const noexcept;  // those that are over, too, until they are swept out
  std::size_t blocks() const noexcept;
  std::size_t memory_bytes() const noexcept;

  // This list with the changes applied, in order.
  std::shared_ptr<const BarList> with(std::span<const BarChange> changes) const;
  // This list without those that are over; nothing where none is.
  std::shared_ptr<const BarList> without_those_over(UnixSeconds now) const;

  // For the first load: add() millions, then build().
  class Builder;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

class BarList::Builder {
 public:
  Builder();
  ~Builder();
  void add(const BarRecord& record);
  std::shared_ptr<const BarList> build();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The marks of a revocation's own fields, as a token that it hits has them.
Mark token_mark(BarKind kind, std::string_view value) noexcept;
Mark issuer_mark(std::string_view issuer) noexcept;
Mark key_mark(std::string_view label) noexcept;
Mark signature_mark(std::string_view last_characters) noexcept;

}  // namespace sallyport
