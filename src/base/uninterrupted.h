// A system call made again for as long as a signal interrupts it.
#pragma once

#include <cerrno>

namespace sallyport {

template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace sallyport
