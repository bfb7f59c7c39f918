// What holds for every input, said in a fuzz target: broken, it ends the run like a crash, with its words.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace sallyport {

inline void promise(bool held, const char* words) {
  if (held) return;
  std::fprintf(stderr, "broken promise: %s\n", words);
  std::abort();
}

}  // namespace sallyport
