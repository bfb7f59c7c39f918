// Error: what went wrong outside a decision (settings, files, stores, keys), in
// words for a person: cause first, then the place, then what to do. Lower case,
// no full stop. Never holds a secret, a token or a claim's value.
#pragma once

#include <string>
#include <utility>

namespace sallyport {

enum class ErrorKind {
  kInvalid,      // the input is wrong: settings, a key, a CSV row
  kNotFound,     // a file, a user, a key that is not there
  kConflict,     // it is there already, or was changed meanwhile
  kDenied,       // the system does not let us (permissions)
  kUnavailable,  // try again: locked, busy, not reachable
  kInternal,     // should not happen
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string cause;  // "no such file", "rsa key of 1024 bits is under the floor of 2048"
  std::string hint;   // "make one with: sallyport key generate", may be empty
  std::string place;  // "sallyport.toml:12:3", "row 17, column password", may be empty

  // "place: cause\n  hint: …", as every command prints it.
  std::string to_text() const {
    std::string out;
    if (!place.empty()) out = place + ": ";
    out += cause;
    if (!hint.empty()) out += "\n  hint: " + hint;
    return out;
  }
};

inline Error invalid(std::string cause, std::string hint = {}, std::string place = {}) {
  return {ErrorKind::kInvalid, std::move(cause), std::move(hint), std::move(place)};
}

}  // namespace sallyport
