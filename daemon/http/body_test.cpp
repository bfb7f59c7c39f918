// Bodies: chunks and forms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/http/chunked.h"
#include "daemon/http/form.h"
#include "daemon/http/response.h"

namespace sallyport::http {
namespace {

using State = ChunkedBody::State;

// The body, or "bad", "more", "too_long"; fed `step` bytes at a time.
std::string decoded(std::string wire, std::size_t step = 1000, std::size_t cap = 100) {
  ChunkedBody body;
  for (std::size_t n = 0; n < wire.size() && body.state == State::more;) {
    n = std::min(wire.size(), n + step);
    body.feed(wire.data(), n, cap);
  }
  switch (body.state) {
    case State::more:
      return "more";
    case State::bad:
      return "bad";
    case State::too_long:
      return "too_long";
    case State::done:
      break;
  }
  return wire.substr(0, body.decoded) + "|" + wire.substr(body.consumed);
}

TEST(ChunkedBodyTest, DecodesHoweverItComes) {
  const std::string wire = "4\r\nWiki\r\n6;a=b\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX: y\r\n\r\nGET /";
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{1000}})
    EXPECT_EQ(decoded(wire, step).substr(0, 24), "Wikipedia in \r\n\r\nchunks.") << step;
  EXPECT_EQ(decoded(wire), "Wikipedia in \r\n\r\nchunks.|GET /");
}

TEST(ChunkedBodyTest, RefusesWhatIsNoChunk) {
  for (const char* wire :
       {"\r\n", "g\r\n", "-1\r\n", "+1\r\na\r\n", " 1\r\na\r\n", "0x1\r\na\r\n", "1 \r\na\r\n", "1\na\n", "1\r\nab\r\n",
        "1\r\na\n", "1\r\na\rb", "100000000\r\n", "1;\x01\n\r\na", "0\r\n X: folded\r\n\r\n", "0\r\nX\n\r\n"})
    EXPECT_EQ(decoded(wire), "bad") << wire;
  EXPECT_EQ(decoded("1;" + std::string(200, 'x')), "bad");
  EXPECT_EQ(decoded("0\r\nX: " + std::string(5000, 'x')), "bad");
}

TEST(ChunkedBodyTest, StopsAtTheCapBeforeTheBytesAreThere) {
  EXPECT_EQ(decoded("65\r\n"), "too_long");
  EXPECT_EQ(decoded("64\r\n"), "more");
  EXPECT_EQ(decoded("60\r\n" + std::string(96, 'a') + "\r\n5\r\n"), "too_long");
}

TEST(FormTest, DecodesInPlace) {
  std::string text = "username=alice&password=p+w%26%3D%25%2F%C3%A9&tags=&x";
  Form form;
  ASSERT_TRUE(form.parse(text.data(), text.size()));
  EXPECT_EQ(form.find("username"), "alice");
  EXPECT_EQ(form.find("password"), "p w&=%/\xc3\xa9");
  EXPECT_EQ(form.find("tags"), "");
  EXPECT_EQ(form.find("x"), "");
  EXPECT_EQ(form.find("y"), std::nullopt);
}

TEST(FormTest, RefusesWhatIsAmbiguousOrBroken) {
  const auto good = [](std::string text) {
    Form form;
    return form.parse(text.data(), text.size());
  };
  EXPECT_FALSE(good("username=alice&username=root"));
  EXPECT_FALSE(good("username=alice&user%6eame=root"));
  EXPECT_FALSE(good("a=%"));
  EXPECT_FALSE(good("a=%4"));
  EXPECT_FALSE(good("a=%4g"));
  EXPECT_TRUE(good("a=%4a"));
  EXPECT_TRUE(good(""));
  EXPECT_TRUE(good("&&"));
  std::string many;
  for (std::size_t i = 0; i < Form::kMaxFields; ++i) many += "f" + std::to_string(i) + "=&";
  EXPECT_TRUE(good(many));
  EXPECT_FALSE(good(many + "one=more"));
}

TEST(ResponseTest, HasOneLengthAndNoRoomForLinesOfClients) {
  Response r;
  r.body = "allow";
  r.headers = "x-sallyport-principal: " + header_value("a\r\nx: y%\xc3\xa9") + "\r\n";
  std::string out;
  write_response(out, r, true, false);
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\ncache-control: no-store\r\n"
            "x-sallyport-principal: a%0D%0Ax:%20y%25%C3%A9\r\nconnection: keep-alive\r\n\r\nallow");
  out.clear();
  write_response(out, r, false, true);
  EXPECT_TRUE(out.ends_with("connection: close\r\n\r\n"));
}

}  // namespace
}  // namespace sallyport::http
