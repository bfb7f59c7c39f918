#include "keys/remote_source.h"

#include "keys/testing.h"

namespace sallyport {
namespace {

using namespace testing_keys;

class RemoteSourceTest : public ::testing::Test {
 protected:
  RemoteSourceTest()
      : source({"",
                "https://id.example.com/jwks?tenant=secret",
                "",
                {300'000, 10'000, 86'400'000},
                std::make_shared<const FetchOptions>()}) {}

  Moment now() const { return clock.now(); }
  RemoteSource::After refresh(const FetchResult& result) {
    clock.advance(20'000);
    const auto request = source.trigger(RefreshTrigger::refresh_now, now());
    EXPECT_TRUE(request);
    if (request) last_request = *request;
    clock.advance(50);
    return source.finish(result, now(), 0x8000'0000u);
  }
  std::vector<std::string> kids() const {
    std::vector<std::string> out;
    for (const KeyPtr& key : *source.keys().keys) out.push_back(key->kid().value_or(""));
    return out;
  }

  SetClock clock;
  RemoteSource source;
  FetchRequest last_request;
  const std::string a = jwk("a"), b = jwk("b"), c = jwk("c");
};

TEST_F(RemoteSourceTest, TheFirstDocumentIsServedAndKept) {
  EXPECT_TRUE(source.keys().pending.none_yet);
  const auto after = refresh(answer(FetchOutcome::ok, set_of({a, b})));
  EXPECT_THAT(kids(), testing::ElementsAre("a", "b"));
  EXPECT_FALSE(source.keys().pending.none_yet);
  ASSERT_TRUE(after.to_store);
  EXPECT_EQ(after.to_store->body, set_of({a, b}));
  ASSERT_EQ(after.lines.size(), 1u);
  EXPECT_EQ(after.lines[0].level, LogLevel::notice);
  EXPECT_EQ(after.lines[0].text, "jwks (https://id.example.com/jwks?...): 2 keys in force, 2 added, 0 removed");
}

TEST_F(RemoteSourceTest, RotationAddsAndRemovesAndTheSameKeysStayTheSameObjects) {
  refresh(answer(FetchOutcome::ok, set_of({a, b})));
  const auto before = source.keys().keys;
  refresh(answer(FetchOutcome::ok, set_of({a, b}) + " "));
  EXPECT_EQ(source.keys().keys, before);
  const auto after = refresh(answer(FetchOutcome::ok, set_of({b, c})));
  EXPECT_THAT(kids(), testing::ElementsAre("b", "c"));
  EXPECT_EQ(source.report(now()).keys_added, 3u);
  EXPECT_EQ(source.report(now()).keys_removed, 1u);
  EXPECT_NE(after.lines[0].text.find("1 added, 1 removed"), std::string::npos);
}

TEST_F(RemoteSourceTest, EveryFailureKeepsTheLastGoodKeys) {
  refresh(answer(FetchOutcome::ok, set_of({a})));
  struct Row {
    FetchResult result;
    FetchOutcome outcome;
  };
  const Row rows[] = {
      {answer(FetchOutcome::timed_out), FetchOutcome::timed_out},
      {answer(FetchOutcome::ok, ""), FetchOutcome::not_json},
      {answer(FetchOutcome::ok, "<html>welcome</html>"), FetchOutcome::not_json},
      {answer(FetchOutcome::ok, set_of({a}).substr(0, 40)), FetchOutcome::not_json},
      {answer(FetchOutcome::ok, "{\"key\":[" + a + "]}"), FetchOutcome::not_a_key_set},
      {answer(FetchOutcome::ok, a), FetchOutcome::not_a_key_set},
      {answer(FetchOutcome::ok, "[]"), FetchOutcome::not_a_key_set},
      {answer(FetchOutcome::ok, "{\"keys\":{}}"), FetchOutcome::not_a_key_set},
      {answer(FetchOutcome::ok, "{\"keys\":[]}"), FetchOutcome::no_usable_keys},
      {answer(FetchOutcome::ok, "{\"keys\":[],\"keys\":[" + b + "]}"), FetchOutcome::not_json},
      {answer(FetchOutcome::ok,
              "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA\"}]}"),
       FetchOutcome::no_usable_keys},
      {answer(FetchOutcome::ok, set_of({(*generate_signing_key(KeyKind::p256))->jwk(true, {}, "p")})),
       FetchOutcome::no_usable_keys},
      {answer(FetchOutcome::ok,
              "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\",\"x\":\"11qYAYKxCrfVS_"
              "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"),
       FetchOutcome::no_usable_keys},
  };
  for (const Row& row : rows) {
    const auto after = refresh(row.result);
    EXPECT_EQ(source.report(now()).last_outcome, row.outcome) << row.result.body;
    EXPECT_FALSE(after.to_store) << "a bad document is never kept";
    EXPECT_THAT(kids(), testing::ElementsAre("a"));
    EXPECT_EQ(source.report(now()).state, SourceState::stale);
    EXPECT_EQ(source.keys().pending.known_until_ms, std::numeric_limits<std::int64_t>::min())
        << "the answer is not known";
  }
  refresh(answer(FetchOutcome::ok, set_of({b})));
  EXPECT_EQ(source.report(now()).state, SourceState::ready);
  EXPECT_FALSE(source.report(now()).failing_since);
}

TEST_F(RemoteSourceTest, OneBadKeyOfFiveIsSkippedWithItsReason) {
  refresh(answer(FetchOutcome::ok, set_of({a, b, "{\"kty\":\"RSA\",\"kid\":\"weak\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", c,
                                           jwk("d", KeyKind::p256)})));
  EXPECT_THAT(kids(), testing::ElementsAre("a", "b", "c", "d"));
  const SourceReport report = source.report(now());
  ASSERT_EQ(report.skipped.size(), 1u);
  EXPECT_EQ(report.skipped[0].index, 2u);
  EXPECT_EQ(report.skipped[0].kid, "weak");
  EXPECT_FALSE(report.skipped[0].cause.empty());
}

TEST_F(RemoteSourceTest, AKidOfTenKilobytesIsSkippedAndTheSameKidTwiceIsTwoKeys) {
  refresh(answer(FetchOutcome::ok, set_of({jwk(std::string(10'000, 'k')), jwk("twice"), jwk("twice"), jwk("")})));
  EXPECT_EQ(kids().size(), 3u);
  EXPECT_EQ(source.report(now()).skipped.size(), 1u);
}

TEST_F(RemoteSourceTest, NothingChangedIsFreshAndTheEtagIsShown) {
  FetchHeaders headers;
  headers.etag = "\"v1\"";
  refresh(answer(FetchOutcome::ok, set_of({a}), headers));
  EXPECT_EQ(last_request.etag, "");
  const auto after = refresh(answer(FetchOutcome::not_modified));
  EXPECT_EQ(last_request.etag, "\"v1\"");
  EXPECT_EQ(source.report(now()).state, SourceState::ready);
  EXPECT_EQ(source.report(now()).confirmed_at, now().unix_seconds);
  ASSERT_TRUE(after.to_store) << "its age on disk is new";
  EXPECT_EQ(after.to_store->confirmed_at, now().unix_seconds);
}

TEST_F(RemoteSourceTest, A304ToAQuestionThatWasNotConditionalBringsNothing) {
  refresh(answer(FetchOutcome::not_modified));
  EXPECT_EQ(source.report(now()).last_outcome, FetchOutcome::unexpected_status);
  EXPECT_TRUE(source.keys().pending.none_yet);
}

TEST_F(RemoteSourceTest, KeysThatNobodyConfirmsAreDroppedAndAskedForAnew) {
  refresh(answer(FetchOutcome::ok, set_of({a}), {"\"v1\"", "", "", "", "", "", ""}));
  clock.advance(86'399'000);
  EXPECT_FALSE(source.expire(now()));
  clock.advance(2'000);
  const auto line = source.expire(now());
  ASSERT_TRUE(line);
  EXPECT_EQ(line->level, LogLevel::error);
  EXPECT_TRUE(source.keys().pending.none_yet);
  EXPECT_EQ(source.report(now()).state, SourceState::unavailable);
  EXPECT_FALSE(source.expire(now())) << "said once";
  refresh(answer(FetchOutcome::ok, set_of({a})));
  EXPECT_EQ(last_request.etag, "") << "a 304 would bring nothing now";
  EXPECT_EQ(source.report(now()).state, SourceState::ready);
}

TEST_F(RemoteSourceTest, StartsWarmFromTheStoredDocumentAndCountsItsAge) {
  const StoredDocument stored{source.settings().address(), set_of({a}), "\"v1\"", now().unix_seconds - 3'600};
  ASSERT_TRUE(source.warm_up(stored, now()));
  EXPECT_THAT(kids(), testing::ElementsAre("a"));
  EXPECT_TRUE(source.report(now()).from_disk);
  EXPECT_EQ(source.report(now()).state, SourceState::ready);
  const auto request = source.trigger(RefreshTrigger::start, now());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->etag, "\"v1\"");
  source.finish(answer(FetchOutcome::not_modified), now(), 0);
  EXPECT_FALSE(source.report(now()).from_disk);
  EXPECT_THAT(kids(), testing::ElementsAre("a"));
}

TEST_F(RemoteSourceTest, AStoredDocumentThatIsTooOldOrUselessIsNotUsed) {
  EXPECT_FALSE(source.warm_up({"", set_of({a}), "", now().unix_seconds - 86'400}, now()));
  EXPECT_FALSE(source.warm_up({"", "{}", "", now().unix_seconds}, now()));
  EXPECT_TRUE(source.warm_up({"", set_of({a}), "", now().unix_seconds + 10'000}, now())) << "the clock went back since";
}

TEST_F(RemoteSourceTest, TheSameFailureIsSaidOnceAndAnotherAgain) {
  EXPECT_EQ(refresh(answer(FetchOutcome::timed_out)).lines[0].level, LogLevel::warning);
  EXPECT_EQ(refresh(answer(FetchOutcome::timed_out)).lines[0].level, LogLevel::debug);
  EXPECT_EQ(refresh(answer(FetchOutcome::connection_refused)).lines[0].level, LogLevel::warning);
  const auto after = refresh(answer(FetchOutcome::ok, set_of({a})));
  EXPECT_EQ(after.lines[0].level, LogLevel::notice);
  EXPECT_NE(after.lines[0].text.find("s of failures"), std::string::npos);
}

TEST_F(RemoteSourceTest, NoLineHoldsTheQueryOfTheAddress) {
  for (const auto& result :
       {answer(FetchOutcome::timed_out), answer(FetchOutcome::ok, "<html>"), answer(FetchOutcome::ok, set_of({a}))})
    for (const auto& line : refresh(result).lines) EXPECT_EQ(line.text.find("secret"), std::string::npos) << line.text;
  EXPECT_EQ(source.report(now()).address.find("secret"), std::string::npos);
}

class DiscoveringSourceTest : public ::testing::Test {
 protected:
  DiscoveringSourceTest()
      : source({"plant", "", kIssuer, {300'000, 10'000, 86'400'000}, std::make_shared<const FetchOptions>()}) {}
  static constexpr const char* kIssuer = "https://id.example.com/realms/a";
  static std::string configuration(const std::string& uri) {
    return "{\"issuer\":\"" + std::string(kIssuer) + "\",\"jwks_uri\":\"" + uri + "\"}";
  }

  SetClock clock;
  RemoteSource source;
};

TEST_F(DiscoveringSourceTest, GoesFromTheIssuerToTheKeysInOneAttempt) {
  const auto first = source.trigger(RefreshTrigger::start, clock.now());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->url, std::string(kIssuer) + "/.well-known/openid-configuration");
  EXPECT_TRUE(first->send_headers);
  auto after = source.finish(answer(FetchOutcome::ok, configuration("https://keys.example.net/k")), clock.now(), 0);
  ASSERT_TRUE(after.more);
  EXPECT_EQ(after.more->url, "https://keys.example.net/k");
  EXPECT_FALSE(after.more->send_headers) << "another host";
  EXPECT_TRUE(source.in_flight());
  after = source.finish(answer(FetchOutcome::ok, set_of({jwk("a")})), clock.now(), 0);
  EXPECT_FALSE(after.more);
  EXPECT_EQ(source.report(clock.now()).state, SourceState::ready);
  EXPECT_EQ((*source.keys().keys)[0]->label(), "plant jwks kid=a");
  clock.advance(20'000);
  EXPECT_EQ(source.trigger(RefreshTrigger::refresh_now, clock.now())->url, "https://keys.example.net/k")
      << "known for a while";
}

TEST_F(DiscoveringSourceTest, AsksTheOtherPlacesOnlyWhereOneHasNothing) {
  source.trigger(RefreshTrigger::start, clock.now());
  auto after = source.finish(answer(FetchOutcome::not_found), clock.now(), 0);
  ASSERT_TRUE(after.more);
  EXPECT_EQ(after.more->url, "https://id.example.com/.well-known/openid-configuration/realms/a");
  after = source.finish(answer(FetchOutcome::not_found), clock.now(), 0);
  ASSERT_TRUE(after.more);
  EXPECT_EQ(after.more->url, "https://id.example.com/.well-known/oauth-authorization-server/realms/a");
  after = source.finish(answer(FetchOutcome::not_found), clock.now(), 0);
  EXPECT_FALSE(after.more);
  EXPECT_EQ(source.report(clock.now()).last_outcome, FetchOutcome::no_discovery);
}

TEST_F(DiscoveringSourceTest, AnotherIssuersConfigurationEndsTheAttempt) {
  source.trigger(RefreshTrigger::start, clock.now());
  const auto after = source.finish(
      answer(FetchOutcome::ok, "{\"issuer\":\"https://id.example.com/realms/b\",\"jwks_uri\":\"https://x/k\"}"),
      clock.now(), 0);
  EXPECT_FALSE(after.more);
  EXPECT_EQ(source.report(clock.now()).last_outcome, FetchOutcome::issuer_differs);
}

}  // namespace
}  // namespace sallyport
