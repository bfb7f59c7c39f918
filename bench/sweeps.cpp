// bench_sweeps: what one decision costs while one thing grows; and the dearest attempt that a stranger can send.
//
//   bench_sweeps SECONDS     JSON: {"graphs": {name: {series: [[x, microseconds], …]}}, "worst": {…}}
//
// SECONDS of CPU time for each point. Tokens are made here; all that is measured is decide() or a topic's check.
#include <ctime>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "auth/token_cache.h"
#include "auth/topic_rights.h"
#include "base/coarse_clock.h"
#include "codec/base64url.h"
#include "jose/sign.h"
#include "our_gate.h"

namespace {

using namespace sallyport;

double g_seconds = 0.05;

double cpu_now() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Microseconds of one call, of the fastest of three stretches.
double cost_of(const std::function<void()>& once) {
  double best = 1e9;
  for (int turn = 0; turn < 3; ++turn) {
    const double from = cpu_now();
    double to = from;
    std::uint64_t calls = 0;
    do {
      once();
      ++calls;
      if (calls % 8 == 0 || to - from < 1e-4) to = cpu_now();
    } while (to - from < g_seconds / 3);
    best = std::min(best, (to - from) / static_cast<double>(calls) * 1e6);
  }
  return best;
}

using Points = std::vector<std::pair<double, double>>;
std::map<std::string, std::map<std::string, Points>> g_graphs;

const std::string kSecret = "a secret of the bench alone, and long enough for all of them to take";

std::string claims(const std::string& more, int number = 1) {
  return R"({"username":"device-1","clientid":"gateway-1","iat":1700000000,"exp":4000000000,"jti":")" +
         std::to_string(number) + "\"" + more + "}";
}

struct Signer {
  std::string algorithm;
  std::shared_ptr<const SigningKey> key;
  std::string public_text;
  std::string token(const std::string& payload, const std::string& header = {}) const {
    const Algorithm alg = *algorithm_from_name(algorithm);
    return sign_compact(*key, alg, header.empty() ? R"({"alg":")" + algorithm + R"(","typ":"JWT"})" : header, payload)
        .value();
  }
};
Signer signer(const std::string& algorithm, KeyKind kind) {
  if (kind == KeyKind::secret) return {algorithm, signing_key_from_secret(kSecret).value(), kSecret};
  auto key = generate_signing_key(kind).value();
  return {algorithm, key, key->public_pem()};
}

// A gate and what it decides with.
class Bench {
 public:
  explicit Bench(GateSnapshot gate) : gate_(std::move(gate)) {}
  bool decide_on(std::string_view token, DecisionMemory memory = {}, std::string_view username = "device-1") {
    const ConnectAttempt attempt = our_gate::attempt_of(username, "gateway-1", token);
    last_ = decide(attempt, gate_, clock_.now(), work_, memory).reason;
    return last_ == Reason::token_ok;
  }
  Reason last() const { return last_; }
  // Until the fast engine answers for the key of these tokens.
  void warm(const std::string& token) {
    for (int i = 0; i < 40; ++i) {
      must(decide_on(token));
      if (i % 10 == 9) fast::Engine::instance().make_tables();
    }
  }
  static void must(bool good) {
    if (good) return;
    std::cerr << "bench_sweeps: a token was not decided as it should be\n";
    std::exit(3);
  }

 private:
  GateSnapshot gate_;
  Workspace work_;
  CoarseClock clock_;
  Reason last_{};
};

GateSnapshot gate_of(const Signer& s) { return our_gate::gate_with(our_gate::key_of(s.algorithm, s.public_text)); }

void by_size_and_claims(const Signer& s) {
  Bench bench(gate_of(s));
  bench.warm(s.token(claims("")));
  TokenCache cache;
  DecisionMemory remembering;
  remembering.tokens = &cache;
  const auto both = [&](const char* graph, double x, const std::string& token) {
    Bench::must(bench.decide_on(token) && bench.decide_on(token, remembering));
    g_graphs[graph][s.algorithm + ", first time"].emplace_back(x, cost_of([&] { bench.decide_on(token); }));
    g_graphs[graph][s.algorithm + ", seen before"].emplace_back(x,
                                                                cost_of([&] { bench.decide_on(token, remembering); }));
  };
  for (const std::size_t bytes : {0u, 256u, 1024u, 4096u, 16384u, 44000u}) {
    const std::string token = s.token(claims(R"(,"pad":")" + std::string(bytes, 'x') + "\""));
    both("token size in bytes", static_cast<double>(token.size()), token);
  }
  for (const int n : {0, 5, 10, 20, 50, 100, 500, 1000}) {
    std::string more;
    for (int i = 0; i < n; ++i) more += R"(,"claim)" + std::to_string(i) + R"(":)" + std::to_string(i);
    both("claims in the token", n + 5, s.token(claims(more)));
  }
}

void by_keys() {
  const Signer s = signer("HS256", KeyKind::secret);
  for (const int n : {1, 10, 100, 1000, 10000}) {
    std::vector<KeyPtr> keys;
    for (int i = 0; i < n; ++i) {
      const std::string kid = "key-" + std::to_string(i);
      const KeyOptions options{.origin = KeyOrigin::jwks, .label = kid, .kid = kid};
      keys.push_back(make_secret_key(i == n / 2 ? kSecret : kSecret + kid, options).value());
    }
    GateSnapshot gate = our_gate::gate_with(keys.front());
    gate.jwt.plain.keys = std::make_shared<const KeyRing>(std::move(keys), 1);
    Bench bench(std::move(gate));
    const std::string token = s.token(claims(""), R"({"alg":"HS256","kid":"key-)" + std::to_string(n / 2) + "\"}");
    Bench::must(bench.decide_on(token));
    g_graphs["keys, one named by kid"]["HS256, first time"].emplace_back(n, cost_of([&] { bench.decide_on(token); }));
  }
}

void by_users() {
  const Signer s = signer("HS256", KeyKind::secret);
  const std::string hash = hash_password("a password of nobody").value();
  for (const int n : {10, 100, 1000, 10'000, 100'000, 1'000'000}) {
    GateSnapshot gate = gate_of(s);
    UserDirectory::Builder users;
    for (int i = 0; i < n; ++i) {
      UserRecord user;
      user.username = "user-" + std::to_string(i);
      user.hash = hash;
      users.add(user);
    }
    gate.users = users.build();
    Bench bench(std::move(gate));
    // Names in turn, so that their places in memory are not all warm.
    std::vector<std::string> tokens;
    for (int i = 0; i < 64; ++i) tokens.push_back(s.token(claims("", i)));
    std::size_t turn = 0;
    Bench::must(bench.decide_on(tokens[0]));
    g_graphs["users in the store"]["HS256 token of nobody's name"].emplace_back(
        n, cost_of([&] { bench.decide_on(tokens[turn++ % tokens.size()]); }));
  }
}

void by_cached_entries() {
  const Signer s = signer("HS256", KeyKind::secret);
  Bench bench(gate_of(s));
  for (const int n : {1, 100, 1000, 10'000, 100'000, 1'000'000}) {
    TokenCache cache(std::size_t{1} << 30);
    DecisionMemory memory;
    memory.tokens = &cache;
    std::vector<std::string> sample;
    const int every = std::max(1, n / 20'000);
    for (int i = 0; i < n; ++i) {
      std::string token = s.token(claims("", i));
      Bench::must(bench.decide_on(token, memory));
      if (i % every == 0) sample.push_back(std::move(token));
    }
    std::shuffle(sample.begin(), sample.end(), std::mt19937_64(1));
    std::size_t turn = 0;
    g_graphs["tokens remembered"]["HS256, seen before"].emplace_back(
        n, cost_of([&] { bench.decide_on(sample[turn++ % sample.size()], memory); }));
  }
}

void by_topic_rules() {
  for (const int n : {1, 10, 100, 1000, 4000}) {
    std::vector<TopicRuleSetting> rules;
    for (int i = 0; i < n; ++i) {
      TopicRuleSetting rule;
      rule.topics = {"site/" + std::to_string(i) + "/+/state"};
      rules.push_back(rule);
    }
    auto policy = std::make_shared<TopicPolicy>();
    policy->no_match = NoMatch::deny;
    policy->rules = SettingsTopicRules::compile(rules).value();
    const std::shared_ptr<const TopicPolicy> fixed = policy;
    Decision d;
    d.verdict = Verdict::allow;
    d.principal = "device-1";
    const TopicRights rights(d, "gateway-1");
    const std::string topic = "site/" + std::to_string(n - 1) + "/pump/state";
    const TopicRequest request{
        .action = TopicAction::publish, .topic = topic, .qos = 0, .retain = false, .peer_address = "192.0.2.7"};
    Bench::must(rights.check(request, fixed) == TopicVerdict::allow);
    g_graphs["topic rules of the settings"]["one publish, by the last rule"].emplace_back(
        n, cost_of([&] { rights.check(request, fixed); }));
  }
}

// -- the dearest attempt of somebody who has no key

struct Attempt {
  std::string family, token;
};
std::string compact(const std::string& header, const std::string& payload, std::size_t signature) {
  return encode_base64url(header) + "." + encode_base64url(payload) + "." +
         encode_base64url(std::string(signature, '\x5a'));
}

// What a stranger can vary: the algorithm, sizes, depth, members, names, escapes, damage.
Attempt random_attempt(std::mt19937_64& random, const std::vector<std::string>& algorithms) {
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::string alg = algorithms[pick(algorithms.size())];
  const std::map<std::string, std::size_t> lengths{
      {"HS256", 32}, {"RS256", 256}, {"PS256", 256}, {"ES256", 64}, {"EdDSA", 64}};
  std::string header = R"({"alg":")" + alg + "\"", payload = "{\"a\":1", family = alg;
  const std::size_t size = std::size_t{1} << (4 + pick(12));
  switch (pick(8)) {
    case 0:
      family += ", many members";
      for (std::size_t i = 0; payload.size() < size; ++i) payload += ",\"" + std::to_string(i) + "\":1";
      break;
    case 1:
      family += ", a long text";
      payload += ",\"b\":\"" + std::string(size, 'x') + "\"";
      break;
    case 2:
      family += ", escapes";
      payload += ",\"b\":\"";
      while (payload.size() < size) payload += "\\u00e9";
      payload += "\"";
      break;
    case 3:
      family += ", nested";
      payload += ",\"b\":" + std::string(std::min<std::size_t>(size, 14), '[') +
                 std::string(std::min<std::size_t>(size, 14), ']');
      break;
    case 4:
      family += ", a header of many members";
      for (std::size_t i = 0; header.size() < std::min<std::size_t>(size, 8000); ++i)
        header += ",\"" + std::to_string(i) + "\":1";
      break;
    case 5:
      family += ", a long kid";
      header += ",\"kid\":\"" + std::string(std::min<std::size_t>(size, 1024), 'k') + "\"";
      break;
    case 6:
      family += ", members alike at their beginning";
      for (std::size_t i = 0; payload.size() < size; ++i) payload += ",\"aaaaaaaaaaaaaaa" + std::to_string(i) + "\":1";
      break;
    default:
      break;
  }
  std::string token = compact(header + "}", payload + "}", lengths.at(alg));
  if (pick(8) == 0) {
    family += ", damaged";
    token[pick(token.size())] = '=';
  }
  if (token.size() > kMaxTokenBytes) token.resize(kMaxTokenBytes);
  return {family, token};
}

void worst_attempt(std::ostream& out) {
  const std::vector<std::string> algorithms{"HS256", "RS256", "PS256", "ES256", "EdDSA"};
  std::vector<KeyPtr> keys;
  for (const auto& [alg, kind] : std::vector<std::pair<std::string, KeyKind>>{
           {"HS256", KeyKind::secret}, {"RS256", KeyKind::rsa}, {"ES256", KeyKind::p256}, {"EdDSA", KeyKind::ed25519}})
    keys.push_back(our_gate::key_of(alg, signer(alg, kind).public_text));
  GateSnapshot gate = our_gate::gate_with(keys.front());
  gate.jwt.plain.keys = std::make_shared<const KeyRing>(keys, 1);
  Bench bench(std::move(gate));
  std::mt19937_64 random(3);
  std::map<std::string, std::pair<double, std::size_t>> dearest;  // of each family
  for (int i = 0; i < 1500; ++i) {
    const Attempt a = random_attempt(random, algorithms);
    const double from = cpu_now();
    for (int k = 0; k < 4; ++k) Bench::must(!bench.decide_on(a.token));
    const double cost = (cpu_now() - from) / 4 * 1e6;
    auto& best = dearest[a.family];
    if (cost > best.first) best = {cost, a.token.size()};
  }
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [family, cost] : dearest) order.emplace_back(cost.first, family);
  std::sort(order.rbegin(), order.rend());
  out << "\"worst\": [";
  for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), 8); ++i)
    out << (i ? ", " : "") << "[\"" << order[i].second << "\", " << dearest[order[i].second].second << ", "
        << order[i].first << "]";
  out << "]";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) g_seconds = std::atof(argv[1]);
  std::optional<our_gate::FastEngine> fast;
  if (!fast::paths().empty()) fast.emplace();
  by_size_and_claims(signer("HS256", KeyKind::secret));
  by_size_and_claims(signer("ES256", KeyKind::p256));
  by_keys();
  by_users();
  by_cached_entries();
  by_topic_rules();
  std::cout << "{\"graphs\": {";
  const char* graph_comma = "";
  for (const auto& [graph, series] : g_graphs) {
    std::cout << graph_comma << "\"" << graph << "\": {";
    const char* comma = "";
    for (const auto& [name, points] : series) {
      std::cout << comma << "\"" << name << "\": [";
      for (std::size_t i = 0; i < points.size(); ++i)
        std::cout << (i ? ", " : "") << "[" << points[i].first << ", " << points[i].second << "]";
      std::cout << "]";
      comma = ", ";
    }
    std::cout << "}";
    graph_comma = ", ";
  }
  std::cout << "}, ";
  worst_attempt(std::cout);
  std::cout << "}\n";
  return 0;
}
