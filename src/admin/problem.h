// Problem: why a request of the REST was not done, for programs (reason) and people
// (cause, hint). Becomes an RFC 9457 document.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace sallyport {

struct FieldProblem {
  std::string field;  // a setting's name, a member, a column
  std::string cause, hint;
  std::size_t row = 0;  // of a file; 0: none
};

struct Problem {
  int status = 500;
  std::string_view reason = "internal";  // a fixed word
  std::string cause, hint, field;
  std::vector<FieldProblem> problems;
  std::int64_t retry_after = 0;  // seconds
};

inline Problem problem(int status, std::string_view reason, std::string cause, std::string hint = {},
                       std::string field = {}) {
  return {status, reason, std::move(cause), std::move(hint), std::move(field), {}, 0};
}

// What another room said. Its places are names of fields here, or nothing.
inline Problem problem_of(const Error& error, std::string field = {}) {
  switch (error.kind) {
    case ErrorKind::kInvalid:
      return problem(422, "invalid", error.cause, error.hint, std::move(field));
    case ErrorKind::kNotFound:
      return problem(404, "not_found", error.cause, error.hint, std::move(field));
    case ErrorKind::kConflict:
      return problem(409, "conflict", error.cause, error.hint, std::move(field));
    case ErrorKind::kDenied:
    case ErrorKind::kUnavailable:
      return problem(503, "unavailable", error.cause, error.hint, std::move(field));
    case ErrorKind::kInternal:
      return problem(500, "internal", error.cause, error.hint, std::move(field));
  }
  return problem(500, "internal", error.cause);
}

}  // namespace sallyport
