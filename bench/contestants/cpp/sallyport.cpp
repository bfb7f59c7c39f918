// Ours: the whole decision as a broker asks for it. Password users are on, and this name is none of them.
#include <thread>

#include "auth/chain.h"
#include "auth/token_cache.h"
#include "contest.h"
#include "crypto/fast_engine.h"
#include "jose/key_set.h"
#include "users/password_hash.h"

namespace {

using namespace sallyport;

KeyPtr key_of(const contest::Task& task) {
  const bool secret = task.algorithm.starts_with("HS");
  const KeyOptions options{.origin = secret ? KeyOrigin::secret : KeyOrigin::public_key,
                           .label = "bench",
                           .kid = {},
                           .allowed = kAllAlgorithms};
  if (secret) return make_secret_key(task.key(), options).value();
  return parse_key_document(task.key(), KeyDocumentPolicy::trusted_file, options).value().keys.at(0);
}

GateSnapshot gate_of(const contest::Task& task) {
  GateSnapshot gate;
  UserDirectory::Builder users;
  UserRecord somebody;
  somebody.username = "somebody";
  somebody.hash = hash_password("a password of nobody").value();
  users.add(somebody);
  gate.users = users.build();
  gate.jwt.enabled = true;
  gate.jwt.principal_claims.emplace_back("username");
  gate.jwt.plain.require_exp = true;
  gate.jwt.plain.claims.push_back({ClaimPath("username"), Template::compile("%u").value()});
  gate.jwt.plain.claims.push_back({ClaimPath("clientid"), Template::compile("%c").value()});
  gate.jwt.plain.keys = std::make_shared<const KeyRing>(std::vector<KeyPtr>{key_of(task)}, 1);
  return gate;
}

// [crypto] engine = "auto" as the engine room sets it up: a thread that confirms, and tables for keys in use.
class FastEngine {
 public:
  FastEngine() : confirmer_(fast::Engine::instance()) {
    fast::Engine::instance().enable(true);
    thread_ = std::thread([this] { confirmer_.run([](std::string_view) { std::exit(3); }); });
    while (!fast::Engine::instance().active() && !fast::paths().empty()) std::this_thread::yield();
  }
  ~FastEngine() {
    confirmer_.stop();
    thread_.join();
  }

 private:
  fast::Engine::Confirmer confirmer_;
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  const contest::Task task = contest::task_of(argc, argv);
  const GateSnapshot gate = gate_of(task);
  TokenCache cache;
  DecisionMemory memory;
  if (task.repeat) memory.tokens = &cache;
  Workspace work;
  const SystemClock clock;
  const auto accepts = [&](const contest::Entry& e) {
    ConnectAttempt attempt;
    attempt.client_id = e.client_id;
    attempt.username = e.username;
    attempt.password = e.token;
    attempt.peer = {"192.0.2.7", Transport::mqtt_tcp};
    return decide(attempt, gate, clock.now(), work, memory).verdict == Verdict::allow;
  };
  std::optional<FastEngine> fast;
  if (task.fast) {
    if (fast::paths().empty()) contest::cannot_do_this();
    fast.emplace();
    // A key's first uses ask for its table, and its first answers are OpenSSL's.
    for (int i = 0; i < 2; ++i) {
      for (const contest::Entry& e : task.read(".good")) accepts(e);
      fast::Engine::instance().make_tables();
    }
    if (fast::Engine::instance().report().answers == 0) {
      fast.reset();
      contest::cannot_do_this();
    }
  }
  return contest::run(task, accepts);
}
