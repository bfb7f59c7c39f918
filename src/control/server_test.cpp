#include "control/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "control/client.h"
#include "control/message.h"

namespace sallyport::control {
namespace {
using nlohmann::json;

class ControlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "sp-ctl-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/s";
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  ServerOptions options() {
    ServerOptions o;
    o.path = path_;
    o.handlers["echo"] = [](const json& request) -> Result<json> { return json{{"said", request.value("word", "")}}; };
    o.handlers["fault"] = [](const json&) -> Result<json> {
      return unexpected(Error{ErrorKind::kNotFound, "not there", "look elsewhere", "x:1:2"});
    };
    o.handlers["throw"] = [](const json&) -> Result<json> { throw std::runtime_error("secret words"); };
    o.handlers["long"] = [](const json&) -> Result<json> { return json(std::string(3'000'000, 'x')); };
    return o;
  }
  void start(ServerOptions o) {
    auto server = Server::start(std::move(o));
    ASSERT_TRUE(server) << server.error().to_text();
    server_ = std::move(*server);
  }
  void start() { start(options()); }
  Result<json> ask(const json& request) { return ControlClient(path_, 5000).ask(request); }
  // Bytes as they are; everything that comes back.
  std::string raw(std::string_view bytes) {
    auto fd = connect_to(path_, 5000);
    EXPECT_TRUE(fd);
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = ::send(fd->get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    ::shutdown(fd->get(), SHUT_WR);
    std::string got;
    char buffer[4096];
    for (ssize_t n; (n = ::recv(fd->get(), buffer, sizeof buffer, 0)) > 0;)
      got.append(buffer, static_cast<std::size_t>(n));
    return got;
  }

  std::string folder_, path_;
  std::unique_ptr<Server> server_;
};

TEST_F(ControlTest, AnswersAQuestion) {
  start();
  const auto reply = ask({{"verb", "echo"}, {"word", "hallo"}});
  ASSERT_TRUE(reply) << reply.error().to_text();
  EXPECT_EQ((*reply)["said"], "hallo");
}

TEST_F(ControlTest, AnErrorArrivesAsItWas) {
  start();
  const auto reply = ask({{"verb", "fault"}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reply.error().to_text(), "x:1:2: not there\n  hint: look elsewhere");
}

TEST_F(ControlTest, WhatAHandlerThrowsStaysInside) {
  start();
  const auto reply = ask({{"verb", "throw"}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kInternal);
  EXPECT_EQ(reply.error().to_text().find("secret words"), std::string::npos);
}

TEST_F(ControlTest, AnUnknownVerbIsToldTheKnownOnes) {
  start();
  const auto reply = ask({{"verb", "ehco"}});
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().hint.find("echo"), std::string::npos);
}

TEST_F(ControlTest, ALongAnswerArrivesWhole) {
  start();
  const auto reply = ask({{"verb", "long"}});
  ASSERT_TRUE(reply) << reply.error().to_text();
  EXPECT_EQ(reply->get_ref<const std::string&>().size(), 3'000'000u);
}

TEST_F(ControlTest, NonsenseGetsAnErrorAndDisturbsNobody) {
  start();
  for (const std::string& bytes : {std::string("\n"), std::string("xx\n"), std::string("[1]\n"), std::string("{}\n"),
                                   std::string("{\"verb\":7}\n"), std::string("\0\0\n", 3), std::string(100'000, 'x'),
                                   std::string(60'000, '[') + "\n", std::string("{\"verb\":\"echo\"")})
    EXPECT_NE(raw(bytes).find("\"ok\":false"), std::string::npos) << bytes.substr(0, 20);
  EXPECT_EQ(raw(""), "");
  EXPECT_TRUE(ask({{"verb", "echo"}}));
}

TEST_F(ControlTest, ALineWithoutItsNewlineIsALineWhereTheSenderIsDone) {
  start();
  EXPECT_NE(raw("{\"verb\":\"echo\"}").find("\"ok\":true"), std::string::npos);
}

TEST_F(ControlTest, WhoSaysNothingIsLeftAfterAWhileAndHoldsNobodyUp) {
  ServerOptions o = options();
  o.request_time = std::chrono::milliseconds(100);
  o.max_connections = 2;
  start(std::move(o));
  std::vector<Descriptor> silent;
  for (int i = 0; i < 6; ++i) silent.push_back(std::move(*connect_to(path_, 5000)));
  EXPECT_TRUE(ask({{"verb", "echo"}}));
  char byte;
  EXPECT_EQ(::recv(silent[0].get(), &byte, 1, 0), 0);
}

TEST_F(ControlTest, TheSocketIsItsOwnersAloneWhateverTheUmask) {
  const mode_t before = ::umask(0);
  start();
  ::umask(before);
  struct stat info {};
  ASSERT_EQ(::lstat(path_.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ControlTest, TheSocketGoesWithTheServer) {
  start();
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
  const auto reply = ask({{"verb", "echo"}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(reply.error().hint.empty());
}

TEST_F(ControlTest, ADeadSocketIsReplaced) {
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path_.c_str());
    const Descriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path_));
  start();
  EXPECT_TRUE(ask({{"verb", "echo"}}));
}

TEST_F(ControlTest, ALivingSocketIsLeftToItsServer) {
  start();
  const auto second = Server::start(options());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().cause.find("another process answers"), std::string::npos);
  EXPECT_TRUE(ask({{"verb", "echo"}}));
}

TEST_F(ControlTest, AFileThatIsNoSocketIsLeftAlone) {
  std::ofstream(path_) << "precious";
  const auto server = Server::start(options());
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::kConflict);
  std::string kept;
  std::ifstream(path_) >> kept;
  EXPECT_EQ(kept, "precious");
}

TEST_F(ControlTest, ALinkIsNotFollowed) {
  std::ofstream(folder_ + "/precious") << "x";
  std::filesystem::create_symlink(folder_ + "/precious", path_);
  EXPECT_FALSE(Server::start(options()));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/precious"));
}

TEST_F(ControlTest, AStopTakesOnlyItsOwnSocketAway) {
  start();
  std::filesystem::remove(path_);
  std::ofstream(path_) << "somebody else's";
  server_.reset();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ControlTest, APathThatIsNoneIsExplained) {
  for (const std::string& path :
       {std::string("relative"), std::string(), "/" + std::string(200, 'x'), std::string("/no/such/folder/s")}) {
    ServerOptions o = options();
    o.path = path;
    const auto server = Server::start(std::move(o));
    ASSERT_FALSE(server) << path;
    EXPECT_FALSE(server.error().cause.empty());
  }
}

TEST(ControlMessageTest, AnyBytesMakeOneLine) {
  const std::string line = to_line({{"a", "x\ny\xff\x01"}});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(ControlMessageTest, AReplyThatIsNoneIsAnError) {
  for (const char* line : {"", "x", "[]", "{}", "{\"ok\":1}"}) EXPECT_FALSE(parse_reply(line)) << line;
  EXPECT_FALSE(parse_reply("{\"ok\":false}"));
  EXPECT_TRUE(parse_reply("{\"ok\":true}"));
}

}  // namespace
}  // namespace sallyport::control
