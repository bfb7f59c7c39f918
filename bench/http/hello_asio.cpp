// hello_asio: the least that a server on Asio can do: it looks for the end of a request and says hello.
// What sallyportd's own HTTP costs is measured beside it. Prints its port.
// Boost 1.74 uses it without including it.
#include <utility>

#include <boost/asio.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

namespace {

using boost::asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}
  void read() {
    socket_.async_read_some(boost::asio::buffer(block_), [self = shared_from_this()](auto error, std::size_t n) {
      if (error) return;
      self->held_.append(self->block_, n);
      self->answer();
    });
  }

 private:
  void answer() {
    const std::size_t head = held_.find("\r\n\r\n");
    if (head == std::string::npos) return read();
    const std::size_t at = held_.find("content-length: ");
    const std::size_t body = at < head ? std::strtoul(held_.c_str() + at + 16, nullptr, 10) : 0;
    if (held_.size() < head + 4 + body) return read();
    held_.erase(0, head + 4 + body);
    boost::asio::async_write(socket_, boost::asio::buffer(kHello),
                             [self = shared_from_this()](auto error, std::size_t) {
                               if (!error) self->read();
                             });
  }

  static inline const std::string kHello =
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\nconnection: keep-alive\r\n\r\nhello\n";
  tcp::socket socket_;
  std::string held_;
  char block_[8192];
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
