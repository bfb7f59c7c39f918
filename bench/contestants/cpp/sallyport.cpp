// Ours: the whole decision as a broker asks for it.
#include <array>

#include "auth/token_cache.h"
#include "base/coarse_clock.h"
#include "codec/base64url.h"
#include "contest.h"
#include "jose/algorithm.h"
#include "our_gate.h"

namespace {

using namespace sallyport;

// OpenSSL's own check of the same bytes (libsodium's of Ed25519), with contexts that are kept: the floor without a fast
// engine. Claims are not looked at.
int signatures_alone(const contest::Task& task) {
  if (task.algorithm.starts_with("HS")) contest::cannot_do_this();
  const KeyPtr key = our_gate::key_of(task.algorithm, task.key());
  const Algorithm algorithm = *algorithm_from_name(task.algorithm);
  std::array<char, 1024> room;
  return contest::run(task, [&](const contest::Entry& e) {
    const std::string_view token = e.token;
    const std::size_t dot = token.rfind('.');
    const auto size = decode_base64url(token.substr(dot + 1), room);
    return size && key->verify(algorithm, token.substr(0, dot), {room.data(), *size});
  });
}

}  // namespace

int main(int argc, char** argv) {
  const contest::Task task = contest::task_of(argc, argv);
  if (task.signature) return signatures_alone(task);
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
