// http_load PORT FILE CONNECTIONS SECONDS EXPECT: closed-loop load over connections that are kept.
//
// FILE holds whole requests, each behind a line with its length. SECONDS 0: each of them once. Every answer's body must
// hold EXPECT ("-": anything), else it counts as wrong. Says in JSON how many a second, and the 50th and 99th of a
// hundred answer times. One thread, epoll, 127.0.0.1 only.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Seat {
  int fd = -1;
  std::string answer;
  Clock::time_point asked;
  bool waiting = false;
};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "http_load: %s\n", what);
  std::exit(3);
}

std::vector<std::string> read_requests(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::string> out;
  std::string line;
  while (std::getline(in, line)) {
    std::string one(std::strtoul(line.c_str(), nullptr, 10), '\0');
    in.read(one.data(), static_cast<std::streamsize>(one.size()));
    out.push_back(std::move(one));
  }
  if (!in.eof() || out.empty()) give_up("the file of requests cannot be read");
  return out;
}

// The size of the whole answer, or 0 while it is not there.
std::size_t whole(std::string_view text, std::size_t& body) {
  const std::size_t head = text.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  body = head + 4;
  std::size_t length = 0;
  for (std::size_t at = 0; at < head;) {
    const std::size_t end = text.find("\r\n", at);
    const std::string_view line = text.substr(at, end - at);
    constexpr std::string_view name = "content-length:";
    if (line.size() > name.size() && strncasecmp(line.data(), name.data(), name.size()) == 0)
      length = std::strtoul(std::string(line.substr(name.size())).c_str(), nullptr, 10);
    at = end + 2;
  }
  return text.size() >= body + length ? body + length : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) give_up("usage: http_load PORT FILE CONNECTIONS SECONDS EXPECT");
  const std::vector<std::string> requests = read_requests(argv[2]);
  const std::size_t connections = std::strtoul(argv[3], nullptr, 10);
  const double seconds = std::strtod(argv[4], nullptr);
  const std::string_view expect = argv[5];
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10)));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int poll = epoll_create1(0);
  std::vector<Seat> seats(connections);
  std::size_t next = 0, answered = 0, wrong = 0, open = 0;
  std::vector<std::uint32_t> times;
  times.reserve(1 << 22);
  const Clock::time_point begin = Clock::now();
  const auto over = [&] {
    return seconds > 0 ? std::chrono::duration<double>(Clock::now() - begin).count() >= seconds
                       : next >= requests.size();
  };
  const auto ask = [&](Seat& seat) {
    seat.waiting = false;
    if (over()) {
      --open;
      return;
    }
    const std::string& request = requests[next++ % requests.size()];
    seat.asked = Clock::now();
    // Loopback, and one request a connection: it fits the send buffer.
    if (send(seat.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      give_up("a request was not taken whole");
    seat.waiting = true;
  };
  for (std::size_t i = 0; i < connections; ++i) {
    seats[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (seats[i].fd < 0 || connect(seats[i].fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
      give_up("nobody listens");
    setsockopt(seats[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(poll, EPOLL_CTL_ADD, seats[i].fd, &event);
    ++open;
    ask(seats[i]);
  }
  std::vector<epoll_event> events(256);
  char block[65536];
  while (open > 0) {
    const int n = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 10'000);
    if (n <= 0) give_up("no answer for ten seconds");
    for (int e = 0; e < n; ++e) {
      Seat& seat = seats[events[static_cast<std::size_t>(e)].data.u64];
      const ssize_t got = recv(seat.fd, block, sizeof block, 0);
      if (got <= 0) give_up("a connection was closed");
      seat.answer.append(block, static_cast<std::size_t>(got));
      std::size_t body = 0;
      const std::size_t size = whole(seat.answer, body);
      if (size == 0) continue;
      times.push_back(static_cast<std::uint32_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - seat.asked).count() / 100));
      ++answered;
      if (expect != "-" &&
          std::string_view(seat.answer).substr(body, size - body).find(expect) == std::string_view::npos)
        ++wrong;
      seat.answer.erase(0, size);
      ask(seat);
    }
  }
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    return times.empty() ? 0.0 : times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))] / 10.0;
  };
  std::printf("{\"answered\":%zu,\"wrong\":%zu,\"seconds\":%.4f,\"a_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
              answered, wrong, took, static_cast<double>(answered) / took, at(0.5), at(0.99));
  return 0;
}
