// connect_storm PORT TOKENS COUNT IN_FLIGHT: that many MQTT 3.1.1 clients come, are answered, and go.
//
// TOKENS is a file of "kind username clientid token" lines; each client shows the next one. Says in JSON how many were
// let in and how many refused, and how long it took. One thread, epoll, 127.0.0.1 only.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace {

std::string field(const std::string& text) {
  return {std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)} + text};
}

// CONNECT (MQTT 3.1.1, clean session, user name and password).
std::string connect_packet(const std::string& username, const std::string& client_id, const std::string& password) {
  const std::string body =
      field("MQTT") + std::string("\x04\xc2\x00\x3c", 4) + field(client_id) + field(username) + field(password);
  std::string length;
  for (std::size_t n = body.size(); length.empty() || n > 0; n >>= 7)
    length += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
  return "\x10" + length + body;
}

struct Client {
  int fd = -1;
  std::string answer;
  bool leaving = false;
};

struct Storm {
  sockaddr_in where{};
  int poll = epoll_create1(0);
  std::vector<std::string> packets;
  std::size_t next = 0, count = 0, done = 0, accepted = 0, refused = 0, broken = 0;
  std::vector<Client> clients;

  void start(std::size_t seat) {
    Client& c = clients[seat];
    c = {};
    if (next == count) return;
    c.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // Loopback: connect() is answered by the kernel at once, and the packet fits the send buffer.
    const std::string& packet = packets[next++ % packets.size()];
    if (c.fd < 0 || connect(c.fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
        send(c.fd, packet.data(), packet.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(packet.size())) {
      std::perror("connect_storm");
      std::exit(3);
    }
    epoll_event event{.events = EPOLLIN, .data = {.u64 = seat}};
    epoll_ctl(poll, EPOLL_CTL_ADD, c.fd, &event);
  }

  void finish(std::size_t seat) {
    Client& c = clients[seat];
    close(c.fd);
    if (!c.leaving) (c.answer.size() < 4 ? broken : refused) += 1;
    ++done;
    start(seat);
  }

  void readable(std::size_t seat) {
    Client& c = clients[seat];
    std::array<char, 64> bytes{};
    const ssize_t n = recv(c.fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return finish(seat);
    c.answer.append(bytes.data(), static_cast<std::size_t>(n));
    if (c.leaving || c.answer.size() < 4 || c.answer[0] != '\x20' || c.answer[3] != 0) return;
    // DISCONNECT; the broker closes first, so that the port that lingers is its own.
    ++accepted;
    c.leaving = true;
    send(c.fd, "\xe0\x00", 2, MSG_NOSIGNAL);
  }

  void run() {
    for (std::size_t seat = 0; seat < clients.size(); ++seat) start(seat);
    std::array<epoll_event, 64> events{};
    while (done < count) {
      const int n = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 10'000);
      if (n == 0) {
        std::fprintf(stderr, "connect_storm: no answer for 10 s\n");
        std::exit(3);
      }
      for (int i = 0; i < n; ++i) readable(events[static_cast<std::size_t>(i)].data.u64);
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: connect_storm PORT TOKENS COUNT IN_FLIGHT\n");
    return 2;
  }
  Storm storm;
  storm.where.sin_family = AF_INET;
  storm.where.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  storm.where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::ifstream file(argv[2]);
  for (std::string kind, username, client_id, token; file >> kind >> username >> client_id >> token;)
    storm.packets.push_back(connect_packet(username, client_id, token));
  storm.count = static_cast<std::size_t>(std::atol(argv[3]));
  storm.clients.resize(static_cast<std::size_t>(std::atol(argv[4])));
  if (storm.packets.empty() || storm.clients.empty()) return 2;
  const auto from = std::chrono::steady_clock::now();
  storm.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  std::printf("{\"accepted\": %zu, \"refused\": %zu, \"broken\": %zu, \"seconds\": %.4f}\n", storm.accepted,
              storm.refused, storm.broken, took.count());
}
