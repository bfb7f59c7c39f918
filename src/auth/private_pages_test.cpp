#include "auth/private_pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace sallyport {
namespace {

// The kernel's word about the mapping that begins there: its VmFlags.
std::string flags_of(const void* at) {
  std::ostringstream start;
  start << std::hex << reinterpret_cast<std::uintptr_t>(at) << '-';
  std::ifstream in("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(start.str())) here = true;
    if (here && line.starts_with("VmFlags:")) return line;
  }
  return {};
}

TEST(PrivatePagesTest, AreZeroedAndInNoCoreDump) {
  const PrivatePages pages(1 << 20);
  ASSERT_EQ(pages.bytes().size(), std::size_t{1} << 20);
  for (const char c : pages.bytes().subspan(0, 4096)) ASSERT_EQ(c, 0);
  const std::string flags = flags_of(pages.bytes().data());
  ASSERT_FALSE(flags.empty());
  EXPECT_NE(flags.find(" dd"), std::string::npos) << flags;
  EXPECT_EQ(flags.find(" lo") != std::string::npos, pages.locked()) << flags;
}

TEST(PrivatePagesTest, NoneAreNone) { EXPECT_TRUE(PrivatePages(0).bytes().empty()); }

}  // namespace
}  // namespace sallyport
