#include "control/find_socket.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sallyport::control {
namespace {

class FindSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "sp-find-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    folder_ = std::filesystem::canonical(folder_).string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Result<std::string> find(const std::string& text) {
    std::ofstream(folder_ + "/s.toml") << text;
    return find_socket(folder_ + "/s.toml");
  }
  std::string folder_;
};

TEST_F(FindSocketTest, InGoodSettings) { EXPECT_EQ(*find("[control]\nsocket = \"/run/x.sock\"\n"), "/run/x.sock"); }

TEST_F(FindSocketTest, TheDaemonsWhereThereIsNoneOfAPlugin) {
  EXPECT_EQ(*find("[http]\ncontrol_socket = \"/run/d.sock\"\n"), "/run/d.sock");
  EXPECT_EQ(*find("[http]\ncontrol_socket = \"/run/d.sock\"\n[control]\nsocket = \"/run/x.sock\"\n"), "/run/x.sock");
}

TEST_F(FindSocketTest, InSettingsWithFaultsThatKeepThemFromLoading) {
  EXPECT_EQ(*find("[control]\nsocket = \"/run/x.sock\"\n[jwt]\nleewaay = 1\n"), "/run/x.sock");
}

TEST_F(FindSocketTest, InAHalfWrittenFile) {
  EXPECT_EQ(*find("[store]\nsocket = \"/not/this\"\n[control]\n# c\n socket='/run/x.sock' # here\n[jwt\nsecret = "),
            "/run/x.sock");
}

TEST_F(FindSocketTest, ARelativePathStartsAtTheFilesOwnFolder) {
  EXPECT_EQ(*find("[control]\nsocket = \"x.sock\"\n"), folder_ + "/x.sock");
  std::filesystem::create_directory(folder_ + "/sub");
  std::filesystem::create_symlink(folder_ + "/s.toml", folder_ + "/sub/link.toml");
  EXPECT_EQ(*find_socket(folder_ + "/sub/link.toml"), folder_ + "/x.sock");
}

TEST_F(FindSocketTest, WhereThereIsNoneItSaysSo) {
  for (const char* text : {"", "[control]\n", "[control]\nsocket = \"\"\n", "[control]\nsocket = 7\n"}) {
    const auto found = find(text);
    ASSERT_FALSE(found) << text;
    EXPECT_NE(found.error().cause.find("[control] socket is not set"), std::string::npos);
  }
  EXPECT_FALSE(find("[jwt"));
  EXPECT_EQ(find_socket(folder_ + "/gone.toml").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace sallyport::control
