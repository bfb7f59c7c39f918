// A life of the gate, played through the engine with a clock that stands still between steps: connect, renew, publish,
// reload, refresh, revoke, block, users that come and go. After each step its answer is the model's (sequence_model.h).
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "auth/topic_rights.h"
#include "engine/engine.h"
#include "input.h"
#include "keys/testing.h"
#include "promise.h"
#include "sequence_model.h"
#include "store/store.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

namespace fs = std::filesystem;
using model::Answer;
using testing_keys::FakeFetcher;

constexpr std::size_t kMostSteps = 48;
constexpr std::array<std::string_view, 2> kSecrets{"the first secret of this sequence, long enough",
                                                   "the second secret of this sequence, long enough"};
const std::array<std::string, 3> kClients{"meter-0", "meter-1", "meter-2"}, kUsers{"ann", "bob", "guest"},
    kSubjects{"device-0", "device-1", "ann"}, kPasswords{"right as rain", "left as rain", "neither of them"},
    kAddresses{"192.0.2.7", "198.51.100.8", "2001:db8::1"}, kIds{"id-0", "id-1", "id-2"};

// Made once: keys, and a hash of each password (a hash is slow on purpose).
struct Fixed {
  std::vector<std::shared_ptr<const SigningKey>> keys;
  std::array<std::string, 3> hashes;
  Fixed() {
    for (const std::string_view secret : kSecrets) keys.push_back(*signing_key_from_secret(secret));
    for (int i = 0; i < 3; ++i) keys.push_back(*generate_signing_key(KeyKind::ed25519));
    for (std::size_t i = 0; i < hashes.size(); ++i) hashes[i] = *hash_password(kPasswords[i]);
  }
};
const Fixed& fixed() {
  static const Fixed* const one = new Fixed;
  return *one;
}

std::string compact(const model::Token& token) {
  const SigningKey& key = *fixed().keys[static_cast<std::size_t>(token.key)];
  const bool secret = token.key < 2;
  std::string payload = R"({"sub":")" + token.subject + R"(","jti":")" + token.id + R"(","cid":")" + token.client +
                        R"(","iat":)" + std::to_string(token.issued);
  if (token.expires) payload += R"(,"exp":)" + std::to_string(*token.expires);
  if (token.has_acl) payload += R"(,"acl":{"pub":["site/0/#"]})";
  const std::string header =
      secret ? std::string(R"({"alg":"HS256"})") : R"({"alg":"EdDSA","kid":")" + model::Gate::kid_of(token.key) + "\"}";
  std::string out = *sign_compact(key, secret ? Algorithm::HS256 : Algorithm::EdDSA, header, payload + "}");
  if (token.damaged) {
    char& at = out[out.rfind('.') + 3];
    at = at == 'A' ? 'B' : 'A';
  }
  return out;
}

class Play {
 public:
  Play() : fetcher_(std::make_shared<FakeFetcher>([this](const FetchRequest&) { return published(); })) {
    char name[] = "/dev/shm/sallyport-fuzz-XXXXXX";
    if (!::mkdtemp(name)) std::abort();
    folder_ = name;
    gate_.now = clock_.unix_seconds();
    gate_.published = {2, 3};
    write_settings();
    EngineOptions options;
    options.config_path = file();
    options.clock = &clock_;
    options.fetcher = fetcher_;
    options.hears_of_ends = true;
    auto opened = Engine::open(std::move(options));
    promise(opened.has_value(), "the settings of this target load");
    engine_ = std::move(*opened);
    promise(engine_->start().has_value(), "the engine has its threads");
    decider_.emplace(*engine_);
    await_keys();
  }
  ~Play() {
    decider_.reset();
    engine_.reset();
    fs::remove_all(folder_);
  }

  void step(Input& in) {
    switch (in.byte() % 14) {
      case 0:
      case 1:
        return connect_by_token(in);
      case 2:
        return connect_by_password(in);
      case 3:
      case 4:
        return renew(in);
      case 5:
        return look_at_session(in);
      case 6:
        return pass(1 + static_cast<std::int64_t>(in.below(60)));
      case 7:
        return reload(in);
      case 8:
        return refresh(in);
      case 9:
        return bar(in);
      case 10:
        return unbar(in);
      case 11:
        return put_user(in);
      case 12:
        return remove_user(in);
      case 13:
        return make_token(in);
    }
  }

 private:
  std::string file() const { return (folder_ / "s.toml").string(); }
  std::string url() const { return "sqlite://" + (folder_ / "store.db").string(); }
  std::unique_ptr<Store> store() {
    auto opened = open_store(url(), StoreAccess::write);
    if (!opened) std::fprintf(stderr, "%s\n", opened.error().to_text().c_str());
    promise(opened.has_value(), "the store can be written to");
    return std::move(*opened);
  }

  void write_settings() {
    std::ofstream out(file());
    out << "[store]\nurl = \"" << url() << "\"\n[jwt]\nsecret = \"" << kSecrets[static_cast<std::size_t>(gate_.secret)]
        << "\"\njwks_url = \"https://id.example.com/jwks\"\njwks_cooldown = \"1s\"\nleeway = \"" << gate_.leeway
        << "s\"\n";
    if (gate_.bound) out << "claims = { cid = \"%c\" }\n";
    out << "[topics]\nno_match = \"" << (gate_.topics_open ? "allow" : "deny") << "\"\n";
    out.close();
    ::chmod(file().c_str(), 0600);
  }
  FetchResult published() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> keys;
    for (const int key : gate_.published)
      keys.push_back(fixed().keys[static_cast<std::size_t>(key)]->jwk(false, {}, model::Gate::kid_of(key)));
    return testing_keys::answer(FetchOutcome::ok, testing_keys::set_of(keys));
  }
  // Threads of the engine fetch and swap: what was published is awaited, never slept for.
  void await_keys() {
    const auto there = [&] {
      const auto snapshot = engine_->snapshot();
      const KeyRing& ring = *snapshot->jwt.plain.keys;
      if (ring.keys().size() != gate_.published.size() + 1) return false;
      for (const int key : gate_.published)
        if (!ring.knows_kid(model::Gate::kid_of(key))) return false;
      return true;
    };
    const auto begin = std::chrono::steady_clock::now();
    auto asked = begin;
    while (!there()) {
      const auto now = std::chrono::steady_clock::now();
      promise(now < begin + std::chrono::seconds(55), "a refresh brings the keys that are published");
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      if (now < asked + std::chrono::milliseconds(50)) continue;
      // A fetch that was under way brought what was published before: when its cool-down is over it is asked again.
      asked = now;
      pass(2);
      (void)engine_->refresh_keys(std::string());
    }
  }
  void pass(std::int64_t seconds) {
    clock_.advance(seconds * 1000);
    gate_.now += seconds;
  }
  void apply() { promise(engine_->reload().applied, "settings that are sound are applied"); }

  void same(const Decision& d, Answer want) {
    switch (want) {
      case Answer::in:
        return promise(d.verdict == Verdict::allow, "who may come in comes in");
      case Answer::out:
        return promise(d.verdict == Verdict::deny, "who may not stays out");
      case Answer::later:
        // A kid that nobody has may yet be published: not known is not refused, and never let in.
        return promise(d.verdict == Verdict::unavailable || d.reason == Reason::unknown_key_id,
                       "a key that is not here lets nobody in");
    }
  }

  void make_token(Input& in) {
    model::Token token;
    token.key = static_cast<int>(in.below(5));
    const std::uint8_t bits = in.byte();
    token.damaged = bits % 8 == 7;
    token.has_acl = bits & 8;
    token.subject = kSubjects[bits / 16 % 3];
    token.id = kIds[in.below(3)];
    token.client = kClients[in.below(3)];
    token.issued = gate_.now - static_cast<std::int64_t>(in.below(100));
    if (const std::size_t life = in.below(128); life > 0)
      token.expires = gate_.now + static_cast<std::int64_t>(life) - 8;
    tokens_[in.below(tokens_.size())] = {token, compact(token)};
  }

  ConnectAttempt attempt(const model::Session& who) const {
    ConnectAttempt a;
    a.client_id = who.client;
    a.username = who.user;
    a.peer = {who.address, Transport::mqtt_tcp};
    return a;
  }
  model::Session somebody(Input& in) {
    model::Session who;
    const std::uint8_t bits = in.byte();
    who.client = kClients[bits % 3];
    who.user = kUsers[bits / 3 % 3];
    who.address = kAddresses[bits / 9 % 3];
    return who;
  }
  struct Kept {
    model::Session who;
    TopicRights rights;
    TokenMarks marks;
    TokenHolder holder;
  };
  void keep(Input& in, model::Session who, const Decision& d) {
    promise(d.principal == who.holder && d.principal_verified && d.is_superuser == who.superuser, "he is who he is");
    sessions_[in.below(sessions_.size())] = Kept{who, TopicRights(d, who.client), d.marks, holder_of(d)};
  }

  void connect_by_token(Input& in) {
    model::Session who = somebody(in);
    const auto& [token, text] = tokens_[in.below(tokens_.size())];
    if (text.empty()) return;
    ConnectAttempt a = attempt(who);
    a.password = text;
    const Answer want = gate_.connect(who.client, who.user, who.address, token);
    const Decision d = decider_->decide(a);
    same(d, want);
    if (want != Answer::in) return rest_from_guesses();
    promise(d.expires_at == token.expires, "a session ends when its token does");
    who.by_token = true;
    who.token = token;
    who.holder = token.subject;
    keep(in, who, d);
  }
  void connect_by_password(Input& in) {
    model::Session who = somebody(in);
    const std::string& password = kPasswords[in.below(3)];
    ConnectAttempt a = attempt(who);
    a.password = password;
    const Answer want = gate_.connect(who.client, who.user, who.address, password);
    const Decision d = decider_->decide(a);
    same(d, want);
    if (want != Answer::in) return rest_from_guesses();
    who.holder = who.user;
    who.superuser = gate_.users[who.user].superuser;
    keep(in, who, d);
  }
  // The brake is another test's: it has let go by then.
  void rest_from_guesses() { pass(12); }

  void renew(Input& in) {
    auto& kept = sessions_[in.below(sessions_.size())];
    const auto& [token, text] = tokens_[in.below(tokens_.size())];
    if (!kept || !kept->who.by_token || text.empty()) return;
    ConnectAttempt a = attempt(kept->who);
    a.auth_data = text;
    const Answer want = gate_.renew(kept->who, token);
    const Decision d = decider_->renew(a, kept->holder);
    same(d, want);
    if (want != Answer::in) return rest_from_guesses();
    promise(d.reason == Reason::renewed && d.expires_at == token.expires, "a renewal brings the new token's end");
    kept->who.token = token;
    kept->rights = TopicRights(d, kept->who.client);
    kept->marks = d.marks;
  }
  // What a broker's session asks: what it may publish, and whether it may stay.
  void look_at_session(Input& in) {
    auto& kept = sessions_[in.below(sessions_.size())];
    if (!kept) return;
    const auto snapshot = engine_->snapshot();
    for (const std::string topic : {"site/0/a", "site/1/a", "$SYS/broker"})
      promise((kept->rights.check({TopicAction::publish, topic, 0, false, kept->who.address}, snapshot->topics) ==
               TopicVerdict::allow) == gate_.may_publish(kept->who, topic),
              "he publishes what he may, and nothing else");
    if (!kept->who.by_token) return;
    promise(snapshot->bars->find_token(kept->marks, gate_.now).has_value() == gate_.revoked(kept->who.token),
            "a session's token is revoked where it was revoked");
    promise(snapshot->bars->find_client(kept->who.client, kept->who.user, kept->who.address, gate_.now).has_value() ==
                gate_.blocked(kept->who.client, kept->who.user, kept->who.address),
            "a session's client is blocked where it was blocked");
  }

  void reload(Input& in) {
    const std::uint8_t bits = in.byte();
    gate_.secret = bits & 1;
    gate_.bound = bits & 2;
    gate_.leeway = bits & 4 ? 30 : 0;
    gate_.topics_open = bits & 8;
    write_settings();
    apply();
    await_keys();
  }
  void refresh(Input& in) {
    const std::uint8_t bits = in.byte();
    {
      const std::lock_guard lock(mutex_);
      gate_.published.clear();
      for (int key = 2; key < 5; ++key)
        if (bits >> key & 1) gate_.published.insert(key);
      // A set of none is no answer, and takes no key away.
      if (gate_.published.empty()) gate_.published.insert(2);
    }
    pass(2);
    promise(engine_->refresh_keys(std::string()), "there is a source of that name");
    await_keys();
  }

  void bar(Input& in) {
    const auto [kind, name, values] = kind_of(in);
    model::Bar added{name, values[in.below(values.size())]};
    BarRecord record;
    record.kind = kind;
    record.value = added.value;
    const std::uint8_t bits = in.byte();
    if (class_of(kind) == BarClass::revocation && bits & 1)
      record.issued_before = added.issued_before = gate_.now - static_cast<std::int64_t>(bits / 4 % 64);
    if (bits & 2) record.until = added.until = gate_.now + 1 + bits / 4 % 64;
    promise(store()->put_bar(record).has_value(), "a sound bar is kept");
    gate_.bar(added);
    apply();
  }
  void unbar(Input& in) {
    if (gate_.bars.empty()) return;
    const std::size_t which = in.below(gate_.bars.size());
    const model::Bar bar = gate_.bars[which];
    const auto store_now = store();
    for (const BarClass of : {BarClass::revocation, BarClass::block}) {
      const auto there = store_now->list_bars({.of = of});
      for (const BarRecord& record : *there)
        if (name(record.kind) == bar.kind && record.value == bar.value)
          promise(store_now->remove_bar(of, record.id).has_value(), "a bar that is there can be taken away");
    }
    gate_.bars.erase(gate_.bars.begin() + static_cast<std::ptrdiff_t>(which));
    apply();
  }
  struct Kind {
    BarKind kind;
    std::string name;
    std::vector<std::string> values;
  };
  static Kind kind_of(Input& in) {
    const auto list = [](const auto& values) { return std::vector<std::string>(values.begin(), values.end()); };
    switch (in.below(6)) {
      case 0:
        return {BarKind::jti, "jti", list(kIds)};
      case 1:
        return {BarKind::principal, "principal", list(kSubjects)};
      case 2:
        return {BarKind::key_id, "kid", {"key-2", "key-3", "key-4"}};
      case 3:
        return {BarKind::client_id, "client_id", list(kClients)};
      case 4:
        return {BarKind::username, "username", list(kUsers)};
      default:
        return {BarKind::address, "address", list(kAddresses)};
    }
  }

  void put_user(Input& in) {
    const std::uint8_t bits = in.byte();
    const std::string& name = kUsers[bits % 2];  // "guest" is nobody
    const std::size_t password = bits / 2 % 3;
    UserRecord record;
    record.username = name;
    record.hash = fixed().hashes[password];
    record.enabled = bits & 32;
    record.is_superuser = bits & 64;
    promise(store()->put_users({record}, WriteMode::replace).has_value(), "a sound user is kept");
    gate_.users[name] = {kPasswords[password], record.enabled, record.is_superuser};
    apply();
  }
  void remove_user(Input& in) {
    const std::string& name = kUsers[in.below(2)];
    if (!gate_.users.erase(name)) return;
    promise(store()->delete_user(name).has_value(), "a user who is there can be removed");
    apply();
  }

  fs::path folder_;
  std::mutex mutex_;  // of what is published
  model::Gate gate_;
  testing_keys::SetClock clock_;
  std::shared_ptr<FakeFetcher> fetcher_;
  std::unique_ptr<Engine> engine_;
  std::optional<Engine::Decider> decider_;
  std::array<std::pair<model::Token, std::string>, 4> tokens_;
  std::array<std::optional<Kept>, 3> sessions_;
};

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  Input in(data, size);
  if (in.empty()) return 0;
  Play play;
  for (std::size_t steps = 0; !in.empty() && steps < kMostSteps; ++steps) play.step(in);
  return 0;
}
