// What the tokens of a fleet share has the same marks each time: its keys' labels and kids, its issuer. One a thread.
#pragma once

#include <string>
#include <string_view>

#include "bars/token_marks.h"

namespace sallyport {

class MarkMemory {
 public:
  // `mark` where the text is another one than the last.
  template <class MarkOf>
  Mark of(std::string_view text, MarkOf&& mark) {
    if (text_ == text) return mark_;
    const Mark made = mark(text);
    if (text.size() <= kMaxBytes) {
      text_.assign(text);
      mark_ = made;
    }
    return made;
  }

 private:
  static constexpr std::size_t kMaxBytes = 256;
  std::string text_;
  Mark mark_;  // nothing, as the empty text has
};

}  // namespace sallyport
