#include "daemon/http/head_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sallyport::http {
namespace {

using State = HeadResult::State;

struct Parsed {
  std::string text;
  Request request;
  HeadResult result;
  explicit Parsed(std::string t) : text(std::move(t)) {
    std::size_t scanned = 0;
    result = parse_head(text.data(), text.size(), scanned, request);
  }
  int status() const { return result.state == State::bad ? result.status : result.state == State::more ? 1 : 0; }
};

int status(const std::string& text) { return Parsed(text).status(); }
// With a good request line and Host around these header lines.
int with(const std::string& headers) { return status("POST /x HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n"); }

TEST(HeadParserTest, ReadsWhatRabbitmqSends) {
  const Parsed p(
      "POST /auth/user HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 5\r\nte: \r\n"
      "Host: 127.0.0.1:8080\r\nconnection: keep-alive\r\n\r\nabcde");
  ASSERT_EQ(p.status(), 0);
  EXPECT_EQ(p.request.method, "POST");
  EXPECT_EQ(p.request.path(), "/auth/user");
  EXPECT_EQ(p.request.header("host"), "127.0.0.1:8080");
  EXPECT_EQ(p.request.header("te"), "");
  EXPECT_EQ(p.request.content_length, 5u);
  EXPECT_EQ(p.request.framing, Framing::length);
  EXPECT_TRUE(p.request.keep_alive);
  EXPECT_EQ(p.text.substr(p.result.size), "abcde");
}

TEST(HeadParserTest, DividesTheTargetAtItsFirstQuestionMark) {
  const Parsed p("GET /a/b?c=d?e HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(p.request.path(), "/a/b");
  EXPECT_EQ(std::string_view(p.request.query_data, p.request.query_size), "c=d?e");
  EXPECT_EQ(p.request.framing, Framing::none);
}

TEST(HeadParserTest, WaitsForTheEndByteByByte) {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  Request request;
  std::size_t scanned = 0;
  for (std::size_t n = 0; n < text.size(); ++n)
    ASSERT_EQ(parse_head(text.data(), n, scanned, request).state, State::more) << n;
  EXPECT_EQ(parse_head(text.data(), text.size(), scanned, request).state, State::done);
}

TEST(HeadParserTest, RefusesEveryPairThatTwoReadersCouldReadDifferently) {
  EXPECT_EQ(with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 3\r\nContent-Length: 3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 3\r\nContent-Length: 4\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 3, 3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: +3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 0x3\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 3 3\r\n"), 400);
  EXPECT_EQ(with("Content-Length:\r\n"), 400);
  EXPECT_EQ(with("Content-Length: -1\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 3\r\n"), 0);
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: chunked, identity\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: gzip, chunked\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: xchunked\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: \"chunked\"\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: Chunked\r\n"), 0);
  EXPECT_EQ(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding : chunked\r\n"), 400);
  EXPECT_EQ(with(" Transfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with("X: y\r\n Transfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with("Transfer\tEncoding: chunked\r\n"), 400);
}

TEST(HeadParserTest, RefusesLineEndsThatAreNone) {
  EXPECT_EQ(status("GET / HTTP/1.1\nHost: a\n\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"), 400);
  EXPECT_EQ(with("X: a\rb\r\n"), 400);
  EXPECT_EQ(with(std::string("X: a\0b\r\n", 8)), 400);
  EXPECT_EQ(with("X: a\x7f\r\n"), 400);
  EXPECT_EQ(with("X: a\x01\r\n"), 400);
  EXPECT_EQ(with("X: a\tb\xc3\xa9\r\n"), 0);
}

TEST(HeadParserTest, RefusesRequestLinesThatAreNone) {
  EXPECT_EQ(status("\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

TEST(HeadParserTest, WantsOneHost) {
  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(HeadParserTest, KeepsToItsCaps) {
  EXPECT_EQ(with("X: " + std::string(kMaxHeadBytes, 'a') + "\r\n"), 431);
  EXPECT_EQ(status("GET /" + std::string(kMaxHeadBytes, 'a')), 414);
  std::string many;
  for (std::size_t i = 0; i < kMaxHeaders - 1; ++i) many += "x: y\r\n";
  EXPECT_EQ(with(many), 0);
  EXPECT_EQ(with(many + "x: y\r\n"), 431);
  EXPECT_EQ(with("Content-Length: 262144\r\n"), 0);
  EXPECT_EQ(with("Content-Length: 262145\r\n"), 413);
  EXPECT_EQ(with("Content-Length: 99999999999999999999999\r\n"), 413);
}

TEST(HeadParserTest, KnowsWhenTheConnectionEnds) {
  EXPECT_TRUE(Parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").request.keep_alive);
  EXPECT_FALSE(Parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: te, Close\r\n\r\n").request.keep_alive);
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\n\r\n").request.keep_alive);
  EXPECT_TRUE(Parsed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").request.keep_alive);
}

TEST(HeadParserTest, KnowsOneExpectation) {
  EXPECT_TRUE(Parsed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").request.expects_continue);
  EXPECT_EQ(with("Expect: tea\r\n"), 417);
}

TEST(HeadParserTest, AHeaderThatStandsTwiceHasNoValue) {
  const Parsed p("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n");
  ASSERT_EQ(p.status(), 0);
  EXPECT_EQ(p.request.header("authorization"), std::nullopt);
  EXPECT_EQ(p.request.count("authorization"), 2u);
}

}  // namespace
}  // namespace sallyport::http
