#include "auth/private_pages.h"

#include <sys/mman.h>

namespace sallyport {

PrivatePages::PrivatePages(std::size_t bytes) noexcept {
  if (bytes == 0) return;
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return;
  begin_ = static_cast<char*>(at);
  size_ = bytes;
  ::madvise(at, bytes, MADV_DONTDUMP);
  // RLIMIT_MEMLOCK is often smaller, and a gate that cannot lock works as well.
  locked_ = ::mlock2(at, bytes, MLOCK_ONFAULT) == 0;
}

PrivatePages::~PrivatePages() {
  if (begin_) ::munmap(begin_, size_);
}

}  // namespace sallyport
