#include "users/csv_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "users/password_hash.h"

namespace sallyport {
namespace {

ReadBytes bytes(std::string text) {
  return [text = std::move(text), at = std::size_t{0}](char* buffer, std::size_t n) mutable {
    const std::size_t take = std::min(n, text.size() - at);
    text.copy(buffer, take, at);
    at += take;
    return take;
  };
}
ImportOptions as(ImportFormat format, ImportHash hash = ImportHash::automatic,
                 std::optional<SaltPosition> position = std::nullopt) {
  ImportOptions options;
  options.format = format;
  options.hash = hash;
  options.salt_position = position;
  return options;
}
std::vector<ImportedUser> users(const std::string& text, const ImportOptions& options = {}) {
  auto import = open_user_import(bytes(text), options);
  EXPECT_TRUE(import) << (import ? "" : import.error().to_text());
  std::vector<ImportedUser> all;
  if (import)
    for (ImportedUser user; (*import)->next(user);) all.push_back(user);
  return all;
}
Error refused(const std::string& text, const ImportOptions& options = {}) {
  auto import = open_user_import(bytes(text), options);
  EXPECT_FALSE(import);
  return import ? Error{} : import.error();
}
// What is wrong with the first user of the file.
Error fault(const std::string& text, const ImportOptions& options = {}) {
  const auto all = users(text, options);
  EXPECT_FALSE(all.empty());
  EXPECT_TRUE(!all.empty() && all[0].fault) << "no fault";
  return all.empty() || !all[0].fault ? Error{} : *all[0].fault;
}

TEST(CsvImportTest, ReadsPlainPasswordsWithFlags) {
  const auto all = users("username,password,is_superuser,enabled\nanna,se cret,true,\nbert,\"pa,ss\",,false\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].username, "anna");
  EXPECT_EQ(all[0].password, "se cret");
  EXPECT_TRUE(all[0].is_superuser);
  EXPECT_TRUE(all[0].enabled);
  EXPECT_EQ(all[1].password, "pa,ss");
  EXPECT_FALSE(all[1].is_superuser);
  EXPECT_FALSE(all[1].enabled);
  EXPECT_EQ(all[1].row, 3u);
}

TEST(CsvImportTest, APipeThatGivesItInPiecesIsTheSameFile) {
  const std::vector<std::string> texts{"\xef\xbb\xbfusername,password\nann,right\n",
                                       "ann:$6$c2FsdA==$" + std::string(86, 'A') + "==\n",
                                       R"( [{"user_id":"ann","password":"right"}])"};
  for (const std::string& text : texts) {
    const auto whole = users(text);
    auto import = open_user_import(
        [rest = text](char* buffer, std::size_t) mutable -> std::size_t {
          if (rest.empty()) return 0;
          *buffer = rest.front();
          rest.erase(0, 1);
          return 1;
        },
        {});
    ASSERT_TRUE(import) << import.error().to_text();
    ImportedUser user;
    ASSERT_TRUE((*import)->next(user)) << text;
    EXPECT_EQ(user.username, "ann");
    EXPECT_EQ(user.fault.has_value(), whole.at(0).fault.has_value());
    EXPECT_EQ(user.hash, whole.at(0).hash);
  }
}

// The columns of EMQX's built-in database.
TEST(CsvImportTest, ReadsEmqxsExportWithTheHashThatItIsToldToExpect) {
  // sha256(salt . password) of "password"
  const std::string text =
      "user_id,password_hash,salt,is_superuser\nuser,5d27770029d5d1f2996c4e1da07aa77d5f668e4a00e2f4925dd41c1e51b8edef,"
      "5f3e,true\n";
  ImportOptions options;
  options.hash = ImportHash::sha256;
  options.salt_position = SaltPosition::prefix;
  const auto all = users(text, options);
  ASSERT_EQ(all.size(), 1u);
  ASSERT_FALSE(all[0].fault) << all[0].fault->to_text();
  EXPECT_TRUE(all[0].is_superuser);
  EXPECT_TRUE(all[0].hash.starts_with("$sha256$prefix$"));
  EXPECT_TRUE(verify_password(all[0].hash, "password"));
}

TEST(CsvImportTest, SaltsAreTheTextThatStandsThere) {
  // sha256("pw" + "de10"), sha1("de10" + "pw"), md5("pw"), sha512("pwde10"), pbkdf2-sha256("pw", "de10", 1000, 32), hex
  const struct {
    ImportHash hash;
    std::optional<SaltPosition> position;
    const char* salt;
    const char* hex;
  } cases[] = {
      {ImportHash::sha256, SaltPosition::suffix, "de10",
       "c42247667f190902feec967e11dc8b818f903a09983545b5b978a547c79775aa"},
      {ImportHash::sha, SaltPosition::prefix, "de10", "ddb463e317a48b1d8262e0d1c8e0caa0a47cbe97"},
      {ImportHash::md5, std::nullopt, "", "8fe4c11451281c094a6578e6ddbf5eed"},
      {ImportHash::sha512, SaltPosition::suffix, "de10",
       "bccdda288afb1371e396b8f16596f9d7f1d777776d0317df9555f08d69e1c26ba364963afa571ed2ed6eb000c74b88e81d0e8d31c6276ee"
       "3e1e61b412e49ab72"},
      {ImportHash::pbkdf2_sha256, std::nullopt, "de10",
       "f3d3aa6d76bb25fb32b5bfbefcdcd65e7c07197c76306990fdd25c1b4565a13a"},
  };
  for (const auto& c : cases) {
    ImportOptions options;
    options.hash = c.hash;
    options.salt_position = c.position;
    options.iterations = 1000;
    const auto all = users(std::string("user_id,password_hash,salt\nu,") + c.hex + "," + c.salt + "\n", options);
    ASSERT_EQ(all.size(), 1u);
    ASSERT_FALSE(all[0].fault) << all[0].fault->to_text();
    EXPECT_TRUE(verify_password(all[0].hash, "pw")) << c.hex;
    EXPECT_FALSE(verify_password(all[0].hash, "pW")) << c.hex;
  }
}

TEST(CsvImportTest, ReadsEmqxsJsonArray) {
  const auto all = users(R"([{"user_id":"a","password":"x{}\"y","is_superuser":true},
 {"user_id":"b","password_hash":"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW","salt":null}])");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].password, "x{}\"y");
  EXPECT_TRUE(all[0].is_superuser);
  EXPECT_FALSE(all[1].fault);
  EXPECT_TRUE(verify_password(all[1].hash, "U*U"));
  EXPECT_EQ(fault(R"([{"user_id":"a","password":"x","role":"admin"}])").place, "entry 1");
  EXPECT_EQ(fault(R"([{"user_id":"a")").cause, "the JSON is damaged here, or longer than can be");
}

TEST(CsvImportTest, ReadsMosquittosPasswordFile) {
  const auto all = users(
      "# made by mosquitto_passwd\n\n"
      "anna:$6$Wgl7cIdYIh245L13$ebHIFZWpoQzLdoJK+yKlMloJ6434lzL2+O3z7h6f0sbpU9wWAb1NcAtqbankh2tc/"
      "6g7ThLTWHxz4k3cThWcDA==\r\n"
      "bert:$7$101$Qe7kUii/wg3ka3So$lia9pl2BZh3Es9hOTeIf0wjRRGBGxZbUD5gVY/GkBoRVySk3qVicin/"
      "KcC7wyx22dWHLwE3RfgZ5j51dBdpjqA==\n",
      as(ImportFormat::mosquitto));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].username, "anna");
  EXPECT_TRUE(verify_password(all[0].hash, "pw"));
  EXPECT_EQ(all[1].row, 4u);
  EXPECT_TRUE(verify_password(all[1].hash, "pw"));
}

TEST(CsvImportTest, KnowsMosquittosFileByItsFirstLine) {
  EXPECT_EQ(users("bert:$7$101$Qe7kUii/wg3ka3So$lia9pl2BZh3Es9hOTeIf0wjRRGBGxZbUD5gVY/GkBoRVySk3qVicin/"
                  "KcC7wyx22dWHLwE3RfgZ5j51dBdpjqA==\n")
                .size(),
            1u);
}

TEST(CsvImportTest, RefusesAMosquittoFileThatIsNotHashedYetUnlessItIsSaidToBePlain) {
  const Error error = fault("anna:secret\n", as(ImportFormat::mosquitto));
  EXPECT_EQ(error.place, "line 1, column password_hash");
  EXPECT_EQ(error.cause, "the password is not hashed");
  EXPECT_EQ(users("anna:secret\n", as(ImportFormat::mosquitto, ImportHash::plain))[0].password, "secret");
}

TEST(CsvImportTest, ReadsPhcStringsAndGoAuthsForm) {
  const std::string ours = *hash_password("pw");
  const auto all = users("username,password_hash\na,\"" + ours +
                         "\"\nb,PBKDF2$sha512$100000$c2FsdA==$"
                         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n");
  EXPECT_EQ(all[0].hash, ours);
  ASSERT_FALSE(all[1].fault) << all[1].fault->to_text();
  EXPECT_TRUE(all[1].hash.starts_with("$pbkdf2-sha512$i=100000$"));
}

TEST(CsvImportTest, RefusesHeadersThatItDoesNotUnderstand) {
  EXPECT_EQ(refused("").cause, "the file is empty");
  EXPECT_EQ(refused("anna,secret\n").cause, "the header names a column that is not known");
  EXPECT_EQ(refused("username,password,enabld\n").place, "row 1, column 3");
  EXPECT_EQ(refused("username,username,password\n").cause, "the header names a column twice");
  EXPECT_EQ(refused("password\n").cause, "the header has no column username");
  EXPECT_EQ(refused("username,salt\n").cause, "the header has neither password nor password_hash");
  EXPECT_EQ(refused("username;password\n").cause, "the columns are separated by semicolons");
  EXPECT_EQ(refused(std::string("\xff\xfeu\0s\0", 6)).cause, "the file is UTF-16");
  EXPECT_TRUE(users("\xef\xbb\xbf Username , PASSWORD\r\na,b\r\n").size() == 1);
}

TEST(CsvImportTest, NamesRowColumnAndCureOfWhatIsWrong) {
  const auto check = [](const std::string& text, std::string_view place, std::string_view cause,
                        const ImportOptions& options = {}) {
    const Error error = fault(text, options);
    EXPECT_EQ(error.place, place);
    EXPECT_EQ(error.cause, cause);
  };
  check("username,password\n,secret\n", "row 2, column username", "the user name is empty");
  check("username,password\na,\n", "row 2, column password", "the row has no password and no hash");
  check("username,password\na,b,c\n", "row 2", "3 fields where the header has 2");
  check("username,password\n\xff,b\n", "row 2, column username", "the user name is not UTF-8");
  check("username,password,enabled\na,b,maybe\n", "row 2, column enabled", "this is neither true nor false");
  check("username,password,password_hash\na,b,$6$c\n", "row 2, column password_hash",
        "the row has a password and a hash");
  check("username,password_hash\na,0123456789abcdef\n", "row 2, column password_hash",
        "this hash does not say what it is");
  check("username,password_hash,salt\na,0123456789abcdef0123456789abcdef,xy\n", "row 2, column salt",
        "where the salt stood is not said", as(ImportFormat::csv, ImportHash::md5));
  check("username,password_hash,salt\na,0123456789abcdef0123456789abcdef,\n", "row 2, column salt",
        "the salt is missing", as(ImportFormat::csv, ImportHash::md5, SaltPosition::suffix));
  check("username,password_hash\na,0123456789abcdef\n", "row 2, column password_hash",
        "the hash is no hex or base64 of the length that --hash says", as(ImportFormat::csv, ImportHash::sha256));
  check("username,password_hash\na,00112233445566778899aabbccddeeff\n", "row 2, column password_hash",
        "how many iterations of pbkdf2 made this hash is not said", as(ImportFormat::csv, ImportHash::pbkdf2_sha256));
}

TEST(CsvImportTest, NoFaultQuotesAPasswordOrAHash) {
  for (const char* text :
       {"username,password_hash\nu,$2b$99$CANARYCANARY\n", "username,password_hash\nu,CANARYCANARY\n",
        "username,password,enabled\nu,CANARYCANARY,CANARYCANARY\n", "username,password\nu,\"CANARYCANARY\"x\n"})
    EXPECT_EQ(fault(text).to_text().find("CANARY"), std::string::npos) << text;
  EXPECT_EQ(fault("u:CANARYCANARY\n", as(ImportFormat::mosquitto)).to_text().find("CANARY"), std::string::npos);
}

TEST(CsvImportTest, RefusesHashesThatWouldHoldTheBroker) {
  const Error error = fault("username,password_hash\na,$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n");
  EXPECT_EQ(error.place, "row 2, column password_hash");
  EXPECT_THAT(error.cause, testing::HasSubstr("costs too much"));
}

TEST(CsvImportTest, ABadRowDoesNotTouchTheNextOne) {
  const auto all = users("username,password\na,b,c\nd,e\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(all[0].fault);
  EXPECT_FALSE(all[1].fault);
  EXPECT_EQ(all[1].username, "d");
}

}  // namespace
}  // namespace sallyport
