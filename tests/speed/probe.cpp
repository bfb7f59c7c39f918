// One decision of one kind, warm, in a function of its own, so that its instructions can be counted.
//
//   speed_probe FOLDER ALG KIND     FOLDER and ALG as speed_tokens made them; prints the verdict and the allocations
//
// KIND: good (a token never seen), repeat (seen before), openssl (good, without the fast engine), forged, expired,
// other_name, damaged (a header that was one), garbage (no token).
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "auth/token_cache.h"
#include "contest.h"
#include "our_gate.h"

namespace {

using namespace sallyport;

struct Measured {
  const ConnectAttempt& attempt;
  const GateSnapshot& gate;
  const Moment& now;
  Workspace& work;
  const DecisionMemory& memory;
  Verdict verdict{};
  Reason reason{};
};

}  // namespace

// The name is what callgrind is told to count in.
extern "C" __attribute__((noinline)) void measured_decision(Measured& m) {
  const Decision d = decide(m.attempt, m.gate, m.now, m.work, m.memory);
  m.verdict = d.verdict;
  m.reason = d.reason;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string algorithm = argv[2], kind = argv[3];
  const contest::Task task{algorithm, false, kind == "openssl", argv[1]};
  std::vector<contest::Entry> good = task.read(".good");
  std::map<std::string, contest::Entry> others;
  for (const contest::Entry& e : task.read(".bad")) others.emplace(e.kind, e);
  contest::Entry wanted = good.back();
  good.pop_back();
  if (kind == "repeat") good.push_back(wanted);
  if (others.contains(kind)) wanted = others[kind];
  if (kind == "damaged") wanted.token.insert(wanted.token.find('.'), "=");
  if (kind == "garbage") wanted.token = std::string(wanted.token.size(), 'x');

  const GateSnapshot gate = our_gate::gate_with(our_gate::key_of(algorithm, task.key()));
  TokenCache cache;
  DecisionMemory memory;
  memory.tokens = &cache;
  Workspace work;
  const Moment now = SystemClock().now();
  std::optional<our_gate::FastEngine> fast;
  if (kind != "openssl" && our_gate::has_fast_way(algorithm)) fast.emplace();
  for (int i = 0; i < 2; ++i) {
    TokenCache fresh;
    DecisionMemory warming;
    warming.tokens = i == 0 ? &fresh : &cache;
    for (const contest::Entry& e : good) {
      const ConnectAttempt attempt = our_gate::attempt_of(e.username, e.client_id, e.token);
      const Decision d = decide(attempt, gate, now, work, warming);
      if (d.verdict != Verdict::allow) return 3;
    }
    fast::Engine::instance().make_tables();
  }
  const ConnectAttempt attempt = our_gate::attempt_of(wanted.username, wanted.client_id, wanted.token);
  Measured m{attempt, gate, now, work, memory};
  const std::uint64_t mallocs = contest::g_mallocs, news = contest::g_news;
  measured_decision(m);
  // Before anything here allocates.
  const auto by_malloc = static_cast<unsigned long long>(contest::g_mallocs - mallocs);
  const auto by_new = static_cast<unsigned long long>(contest::g_news - news);
  std::printf("{\"verdict\": \"%s\", \"reason\": \"%s\", \"news\": %llu, \"mallocs\": %llu, \"fast_answers\": %llu}\n",
              std::string(name(m.verdict)).c_str(), std::string(name(m.reason)).c_str(), by_new, by_malloc,
              static_cast<unsigned long long>(fast::Engine::instance().report().answers));
  return 0;
}
