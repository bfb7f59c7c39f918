// hello_beast: the same with Boost.Beast's parser and serializer: what the one of our own is chosen against.
// Boost 1.74 uses it without including it.
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}
  void read() {
    parser_.emplace();
    parser_->body_limit(256 * 1024);
    parser_->header_limit(16 * 1024);
    http::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](auto error, std::size_t) {
      if (!error) self->answer();
    });
  }

 private:
  void answer() {
    response_ = {};
    response_.version(11);
    response_.result(http::status::ok);
    response_.set(http::field::content_type, "text/plain");
    response_.keep_alive(parser_->get().keep_alive());
    response_.body() = "hello\n";
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](auto error, std::size_t) {
      if (!error) self->read();
    });
  }

  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

int main() {
  boost::asio::io_context io(1);
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  std::printf("%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  std::function<void()> accept = [&] {
    acceptor.async_accept([&](auto error, tcp::socket socket) {
      if (!error) {
        socket.set_option(tcp::no_delay(true));
        std::make_shared<Session>(std::move(socket))->read();
      }
      accept();
    });
  };
  accept();
  io.run();
}
