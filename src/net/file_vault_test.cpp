#include "net/file_vault.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sallyport {
namespace {

class FileVaultTest : public ::testing::Test {
 protected:
  FileVaultTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sallyport-vault-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~FileVaultTest() override { std::filesystem::remove_all(root_); }
  std::string folder() const { return root_ + "/jwks"; }
  std::string only_file() const { return std::filesystem::directory_iterator(folder())->path().string(); }

  std::string root_;
  const StoredDocument document_{"https://id.example.com/jwks", "{\"keys\":[\n]}", "\"v1\"", 1'800'000'000};
};

TEST_F(FileVaultTest, GivesBackWhatWasSaved) {
  FileVault vault(folder());
  EXPECT_FALSE(vault.load(document_.address));
  ASSERT_TRUE(vault.save(document_));
  const auto loaded = FileVault(folder()).load(document_.address);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->body, document_.body);
  EXPECT_EQ(loaded->etag, document_.etag);
  EXPECT_EQ(loaded->confirmed_at, document_.confirmed_at);
  EXPECT_FALSE(vault.load("https://id.example.com/other"));
}

TEST_F(FileVaultTest, LeavesOnePrivateFileAndNoTraceOfItsMaking) {
  FileVault vault(folder());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(vault.save(document_));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder()), std::filesystem::directory_iterator()), 1);
  struct stat st {};
  ASSERT_EQ(::stat(only_file().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(folder().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0700u);
}

TEST_F(FileVaultTest, BelievesNoFileThatOthersCanReadOrWrite) {
  FileVault vault(folder());
  ASSERT_TRUE(vault.save(document_));
  ::chmod(only_file().c_str(), 0644);
  EXPECT_FALSE(vault.load(document_.address));
  ::chmod(only_file().c_str(), 0600);
  EXPECT_TRUE(vault.load(document_.address));
}

// Its sum is right: whoever wrote it knew how.
TEST_F(FileVaultTest, BelievesNoETagWithALineEndInIt) {
  FileVault vault(folder());
  ASSERT_TRUE(vault.save(document_));
  for (const auto& [etag, believed] : {std::pair("\"v2\"", true), std::pair("\"v\r2\"", false)}) {
    const std::string content = document_.address + "\n" + etag + "\n1800000000\n{}";
    std::uint64_t sum = 14'695'981'039'346'656'037u;
    for (const char c : content) sum = (sum ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum));
    std::ofstream(only_file(), std::ios::binary) << "sallyport-jwks 1\n" << text << "\n" << content;
    EXPECT_EQ(vault.load(document_.address).has_value(), believed);
  }
}

TEST_F(FileVaultTest, BelievesNoLinkAndNoFolder) {
  FileVault vault(folder());
  ASSERT_TRUE(vault.save(document_));
  const std::string file = only_file(), moved = root_ + "/moved";
  std::filesystem::rename(file, moved);
  std::filesystem::create_symlink(moved, file);
  EXPECT_FALSE(vault.load(document_.address));
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_FALSE(vault.load(document_.address));
}

TEST_F(FileVaultTest, BelievesNoFileWithOneByteChangedOrMissing) {
  FileVault vault(folder());
  ASSERT_TRUE(vault.save(document_));
  std::string text;
  {
    std::ifstream in(only_file(), std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto with = [&](const std::string& changed) {
    std::ofstream(only_file(), std::ios::binary | std::ios::trunc) << changed;
    return vault.load(document_.address).has_value();
  };
  EXPECT_TRUE(with(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(with(changed)) << "byte " << i;
    EXPECT_FALSE(with(text.substr(0, i))) << "cut at " << i;
  }
  EXPECT_FALSE(with(text + "x"));
}

TEST_F(FileVaultTest, SaysWhyItCannotSave) {
  const auto saved = FileVault("/proc/nowhere/jwks").save(document_);
  ASSERT_FALSE(saved);
  EXPECT_NE(saved.error().hint.find("jwks_cache"), std::string::npos);
}

}  // namespace
}  // namespace sallyport
