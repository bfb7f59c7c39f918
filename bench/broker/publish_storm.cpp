// publish_storm PORT USERNAME PASSWORD COUNT IN_FLIGHT: one client publishes that often at QoS 1 to a hundred topics
// below bench/, another receives all of it at QoS 0. Says in JSON how long it took. One thread, 127.0.0.1 only; an
// empty user name is none.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

std::string field(const std::string& text) {
  return {std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)} + text};
}

std::string packet(unsigned first, const std::string& body) {
  std::string length;
  for (std::size_t n = body.size(); length.empty() || n > 0; n >>= 7)
    length += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
  return std::string(1, static_cast<char>(first)) + length + body;
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "publish_storm: %s\n", what);
  std::exit(3);
}

// A connection that counts the packets that come, by kind.
struct Connection {
  int fd = -1;
  std::string data;
  std::array<std::size_t, 16> seen{};
  bool refused = false;

  void open(std::uint16_t port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) fail("no connection");
  }
  void say(const std::string& bytes) const {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t n = send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (n <= 0) fail("the broker closed");
      at += static_cast<std::size_t>(n);
    }
  }
  void read() {
    std::array<char, 65536> bytes{};
    const ssize_t n = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n == 0) fail("the broker closed");
    if (n < 0) return;
    data.append(bytes.data(), static_cast<std::size_t>(n));
    std::size_t at = 0;
    while (at + 2 <= data.size()) {
      std::size_t length = 0, shift = 0, head = at + 1;
      bool whole = false;
      while (head < data.size() && !whole) {
        const auto byte = static_cast<unsigned char>(data[head++]);
        length |= static_cast<std::size_t>(byte & 0x7f) << shift;
        shift += 7;
        whole = !(byte & 0x80);
      }
      if (!whole || head + length > data.size()) break;
      const auto kind = static_cast<std::size_t>(static_cast<unsigned char>(data[at]) >> 4);
      ++seen[kind];
      if (kind == 2 && data[head + 1] != 0) refused = true;
      if (kind == 9 && static_cast<unsigned char>(data[head + 2]) >= 0x80) refused = true;
      at = head + length;
    }
    data.erase(0, at);
  }
};

void wait_for(const Connection& a, const Connection& b) {
  std::array<pollfd, 2> fds{{{a.fd, POLLIN, 0}, {b.fd, POLLIN, 0}}};
  if (poll(fds.data(), fds.size(), 10'000) == 0) fail("no answer for 10 s");
}

void come_in(Connection& c, std::uint16_t port, const std::string& id, const std::string& user,
             const std::string& word) {
  c.open(port);
  const char flags = user.empty() ? '\x02' : '\xc2';
  std::string body = field("MQTT") + std::string{'\x04', flags, '\x00', '\x3c'} + field(id);
  if (!user.empty()) body += field(user) + field(word);
  c.say(packet(0x10, body));
  while (c.seen[2] == 0) wait_for(c, c), c.read();
  if (c.refused) fail("refused");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: publish_storm PORT USERNAME PASSWORD COUNT IN_FLIGHT\n");
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const auto count = static_cast<std::size_t>(std::atol(argv[4])),
             in_flight = static_cast<std::size_t>(std::atol(argv[5]));
  Connection listener, speaker;
  come_in(listener, port, "bench-listener", argv[2], argv[3]);
  listener.say(packet(0x82, std::string("\x00\x01", 2) + field("bench/#") + '\x00'));
  while (listener.seen[9] == 0) wait_for(listener, listener), listener.read();
  if (listener.refused) fail("the subscription is refused");
  come_in(speaker, port, "bench-speaker", argv[2], argv[3]);
  std::vector<std::string> topics;
  for (int i = 0; i < 100; ++i)
    topics.push_back(field("bench/site-" + std::to_string(i % 10) + "/device-" + std::to_string(i)));

  const auto from = std::chrono::steady_clock::now();
  std::size_t sent = 0;
  while (speaker.seen[4] < count || listener.seen[3] < count) {
    std::string out;
    while (sent < count && sent - speaker.seen[4] < in_flight) {
      const std::size_t id = sent % 60'000 + 1;
      out += packet(0x32, topics[sent % topics.size()] + static_cast<char>(id >> 8) + static_cast<char>(id & 0xff) +
                              std::string(64, 'x'));
      ++sent;
    }
    if (!out.empty()) speaker.say(out);
    wait_for(speaker, listener);
    speaker.read();
    listener.read();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  std::printf("{\"published\": %zu, \"received\": %zu, \"seconds\": %.4f}\n", speaker.seen[4], listener.seen[3],
              took.count());
}
