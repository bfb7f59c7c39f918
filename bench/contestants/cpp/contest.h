// What every C++ contestant shares: the tokens, the loop, the clock, the answer.
//
//   CONTESTANT ALG MODE FOLDER SECONDS     MODE is cold or repeat; ours: openssl (cold without the fast engine),
//   signature
//                                          (nothing but OpenSSL's, or libsodium's, check of it)
//
// FOLDER holds ALG.key (a secret, or a public key as PEM), ALG.good and ALG.bad; a line is "kind username clientid
// token". Time is CPU time of the thread that decides: what others do on the machine is not measured, and what a thread
// beside it took is said apart.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace contest {

// Counted by the malloc of contest.cpp, for all code on this thread, and by its operator new, for C++ code alone.
extern thread_local std::uint64_t g_mallocs, g_news;

struct Entry {
  std::string kind, username, client_id, token;
};

struct Task {
  std::string algorithm;
  bool repeat = false, openssl = false;
  std::string folder;
  double seconds = 0.1;
  bool signature = false;

  std::string key() const {
    std::ifstream in(folder + "/" + algorithm + ".key", std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::vector<Entry> read(std::string_view suffix) const {
    std::ifstream in(folder + "/" + algorithm + std::string(suffix));
    std::vector<Entry> entries;
    for (Entry e; in >> e.kind >> e.username >> e.client_id >> e.token;) entries.push_back(e);
    if (entries.empty()) {
      std::cerr << "no tokens in " << folder << '\n';
      std::exit(3);
    }
    return entries;
  }
};

inline Task task_of(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: " << argv[0] << " ALG cold|repeat|openssl|signature FOLDER SECONDS\n";
    std::exit(2);
  }
  const std::string_view mode = argv[2];
  return {argv[1], mode == "repeat", mode == "openssl", argv[3], std::atof(argv[4]), mode == "signature"};
}

[[noreturn]] inline void cannot_do_this() { std::exit(4); }  // this library has no such algorithm or mode

inline double cpu_seconds(int whose = RUSAGE_SELF) {
  rusage u{};
  getrusage(whose, &u);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

// accepts(entry): whether the library lets this token in for this user name and client id, now.
template <class Accepts>
int run(const Task& task, Accepts&& accepts) {
  const std::vector<Entry> good = task.read(".good");
  bool all_good = true;
  for (const Entry& e : good) all_good = accepts(e) && all_good;
  std::map<std::string, bool> refused;
  for (const Entry& e : task.read(".bad")) refused[e.kind] = !accepts(e) && (!refused.count(e.kind) || refused[e.kind]);

  std::uint64_t turns = 0, accepted = 0;
  const auto once = [&] {
    for (const Entry& e : good) accepted += accepts(e);
    turns += good.size();
  };
  constexpr int whose = RUSAGE_THREAD;
  for (const double until = cpu_seconds(whose) + task.seconds / 5; cpu_seconds(whose) < until;) once();
  turns = accepted = 0;
  const std::uint64_t mallocs = g_mallocs, news = g_news;
  const double all_from = cpu_seconds(), from = cpu_seconds(whose);
  double to = from;
  for (; to - from < task.seconds; to = cpu_seconds(whose)) once();
  const double others = cpu_seconds() - all_from - (to - from);
  const double n = static_cast<double>(turns);
  const double per_malloc = static_cast<double>(g_mallocs - mallocs) / n,
               per_new = static_cast<double>(g_news - news) / n;

  std::printf("{\"accepted\": %s", all_good && accepted == turns ? "true" : "false");
  for (const auto& [kind, held] : refused) std::printf(", \"refused_%s\": %s", kind.c_str(), held ? "true" : "false");
  std::printf(", \"ops\": %.1f, \"mallocs\": %.3f, \"news\": %.3f, \"other_threads_us\": %.2f}\n", n / (to - from),
              per_malloc, per_new, others / n * 1e6);
  return 0;
}

}  // namespace contest
