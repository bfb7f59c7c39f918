// StoreWork: what every engine's methods begin and end with. The one place that knows
// the order of a change: connection, the writer's turn, the next number, the work, the
// commit.
//
// An engine gives connect() (null: nobody has made the store yet), connect_to_write(),
// begin_change(connection) and next_sequence(connection).
#pragma once

#include <fmt/format.h>

#include "store/store.h"

namespace sallyport {

// Names of what was deleted that are kept for followers; who was away longer reads everything again.
inline constexpr std::int64_t kMaxTombstones = 100'000;
// More changed users than these are loaded as a stream, not told as a list: an import of millions stays in bounded
// memory.
inline constexpr std::int64_t kMaxChangesTold = 20'000;
inline constexpr std::size_t kMaxSettings = 1024 * 1024;

inline Result<void> check_settings_size(std::string_view toml) {
  if (toml.size() > kMaxSettings) return unexpected(invalid("settings are at most 1 MiB of text"));
  return {};
}
// `expected` 0: there is no revision yet.
inline Result<void> check_current_settings(std::int64_t current, const std::optional<std::int64_t>& expected) {
  if (!expected || *expected == current) return {};
  return unexpected(
      Error{ErrorKind::kConflict,
            fmt::format("the settings were changed meanwhile: revision {} is current, not {}", current, *expected),
            "look at the current revision and repeat the change", ""});
}
inline Error newer_schema(std::string_view store, std::int64_t found, int newest) {
  return {ErrorKind::kInvalid,
          fmt::format("{} has schema {}, and this program knows schemas up to {}", store, found, newest),
          "a newer sallyport has written it: install that version here too", ""};
}
inline Error no_bulk() { return {ErrorKind::kInternal, "no bulk change was begun", "", ""}; }

template <class Self, class Connection>
class StoreWork : public Store {
 protected:
  // What `work` reads; T() where there is no store yet.
  template <class T, class Work>
  Result<T> look(Work&& work) {
    const Result<Connection*> connection = self().connect();
    if (!connection) return unexpected(connection.error());
    if constexpr (std::is_void_v<T>) {
      if (!*connection) return {};
    } else {
      if (!*connection) return Result<T>(T());
    }
    return work(**connection);
  }
  // One change in one transaction, with its number. Nothing of it stays where `work` fails.
  template <class T = void, class Work>
  Result<T> change(Work&& work) {
    const Result<Connection*> connection = self().connect_to_write();
    if (!connection) return unexpected(connection.error());
    auto transaction = Self::begin_change(**connection);
    if (!transaction) return unexpected(transaction.error());
    const Result<std::int64_t> sequence = self().next_sequence(**connection);
    if (!sequence) return unexpected(sequence.error());
    Result<T> done = work(**connection, *sequence);
    if (!done) return done;
    if (Result<void> committed = transaction->commit(); !committed) return unexpected(committed.error());
    return done;
  }

 private:
  Self& self() noexcept { return static_cast<Self&>(*this); }
};

}  // namespace sallyport
