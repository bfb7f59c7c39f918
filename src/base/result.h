// Result<T>: a value or an Error. The members are named as std::expected's are,
// which g++ 12 has in C++23 mode only and clang 14 not at all.
#pragma once

#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"

namespace sallyport {

// Wraps an error on its way into a Result: `return unexpected(Error{...})`.
template <class E>
struct Unexpected {
  E error;
};
template <class E>
Unexpected<std::decay_t<E>> unexpected(E&& e) {
  return {std::forward<E>(e)};
}

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT: implicit by design
  Result(Unexpected<E> e) : state_(std::in_place_index<1>, std::move(e.error)) {}  // NOLINT
  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  // Calling value() on an error (or error() on a value) is a bug of the caller: the process stops.
  T& value() & { return has_value() ? *std::get_if<0>(&state_) : (std::abort(), *std::get_if<0>(&state_)); }
  const T& value() const& { return has_value() ? *std::get_if<0>(&state_) : (std::abort(), *std::get_if<0>(&state_)); }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  E& error() { return !has_value() ? *std::get_if<1>(&state_) : (std::abort(), *std::get_if<1>(&state_)); }
  const E& error() const { return !has_value() ? *std::get_if<1>(&state_) : (std::abort(), *std::get_if<1>(&state_)); }
  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(other));
  }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() : ok_(true) {}
  Result(Unexpected<E> e) : ok_(false), error_(std::move(e.error)) {}  // NOLINT
  bool has_value() const noexcept { return ok_; }
  explicit operator bool() const noexcept { return ok_; }
  E& error() { return error_; }
  const E& error() const { return error_; }

 private:
  bool ok_;
  E error_{};
};

}  // namespace sallyport
