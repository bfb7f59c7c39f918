// What every Store promises of revocations and blocks. Part of store/store_contract_test.cpp, within its namespace.
#pragma once

BarRecord bar(BarKind kind, std::string value, std::string why = "") {
  BarRecord out;
  out.kind = kind;
  out.value = std::move(value);
  out.why = std::move(why);
  out.author = "cli:root";
  return out;
}

std::vector<std::string> values(Store& store, BarClass of) {
  std::vector<std::string> found;
  const auto all = store.list_bars({of, 0, "", 1000});
  EXPECT_TRUE(all) << (all ? "" : all.error().to_text());
  if (all)
    for (const BarRecord& one : *all) found.push_back(one.value);
  return found;
}

TEST_P(StoreContractTest, KeepsARevocationAsItWasGiven) {
  const auto store = place_->open();
  BarRecord given = bar(BarKind::key_id, "ключ", "the key was stolen");
  given.issuer = "https://idp.example";
  given.issued_before = 1'700'000'000;
  given.until = 4'000'000'000;
  const auto put = store->put_bar(given);
  ASSERT_TRUE(put) << put.error().to_text();
  EXPECT_FALSE(put->was_there);
  EXPECT_GT(put->record.id, 0);
  const auto all = *store->list_bars({BarClass::revocation, 0, "", 1000});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].id, put->record.id);
  EXPECT_EQ(all[0].kind, BarKind::key_id);
  EXPECT_EQ(all[0].value, "ключ");
  EXPECT_EQ(all[0].issuer, "https://idp.example");
  EXPECT_EQ(all[0].issued_before, 1'700'000'000);
  EXPECT_EQ(all[0].until, 4'000'000'000);
  EXPECT_EQ(all[0].why, "the key was stolen");
  EXPECT_EQ(all[0].author, "cli:root");
  EXPECT_GT(all[0].created_at, 1'700'000'000);
  EXPECT_EQ(*store->count_bars(BarClass::revocation), 1u);
  EXPECT_EQ(*store->count_bars(BarClass::block), 0u);
  EXPECT_TRUE(values(*store, BarClass::block).empty());
}

TEST_P(StoreContractTest, RefusesABarThatCouldNotBeMeantAndChangesNothing) {
  const auto store = place_->open();
  EXPECT_FALSE(store->put_bar(bar(BarKind::jti, "")));
  EXPECT_FALSE(store->put_bar(bar(BarKind::address, "nowhere")));
  EXPECT_FALSE(store->put_bars({bar(BarKind::jti, "good"), bar(BarKind::jti, std::string("a\0b", 3))}));
  EXPECT_TRUE(values(*store, BarClass::revocation).empty());
  EXPECT_TRUE(store->put_bar(bar(BarKind::jti, std::string(65'535, 'j'))));
  EXPECT_EQ(store->put_bar(bar(BarKind::address, "::ffff:10.1.2.3/104"))->record.value, "10.0.0.0/8");
}

TEST_P(StoreContractTest, ARevocationAddedAgainIsWidenedAndNeverNarrowed) {
  const auto store = place_->open();
  BarRecord one = bar(BarKind::principal, "meter-7", "first");
  one.issued_before = 1'000;
  one.until = 4'000'000'000;
  const std::int64_t id = store->put_bar(one)->record.id;
  one.issued_before = 500;
  one.until = 4'000'000'001;
  one.why = "";
  auto again = store->put_bar(one);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->was_there);
  EXPECT_EQ(again->record.id, id);
  EXPECT_EQ(again->record.issued_before, 1'000);
  EXPECT_EQ(again->record.until, 4'000'000'001);
  EXPECT_EQ(again->record.why, "first");
  one.issued_before = one.until = kForever;
  one.why = "second";
  again = store->put_bar(one);
  EXPECT_EQ(again->record.issued_before, kForever);
  EXPECT_EQ(again->record.why, "second");
  // Another issuer or another kind is another revocation.
  one.issuer = "https://idp.example";
  EXPECT_FALSE(store->put_bar(one)->was_there);
  EXPECT_FALSE(store->put_bar(bar(BarKind::jti, "meter-7"))->was_there);
  EXPECT_EQ(*store->count_bars(BarClass::revocation), 3u);
}

TEST_P(StoreContractTest, WhatIsOverIsNotListedAndIsMadeAnewWhenItIsAddedAgain) {
  const auto store = place_->open();
  BarRecord over = bar(BarKind::jti, "a", "old words");
  over.until = 1'700'000'000;
  over.issued_before = 1'000;
  ASSERT_TRUE(store->put_bars({over, bar(BarKind::jti, "b")}));
  EXPECT_EQ(values(*store, BarClass::revocation), std::vector<std::string>{"b"});
  EXPECT_EQ(*store->count_bars(BarClass::revocation), 1u);
  over.until = 4'000'000'000;
  over.issued_before = 500;
  over.why = "";
  const auto anew = store->put_bar(over);
  EXPECT_FALSE(anew->was_there);
  EXPECT_EQ(anew->record.issued_before, 500);
  EXPECT_EQ(anew->record.until, 4'000'000'000);
  EXPECT_EQ(anew->record.why, "");
}

TEST_P(StoreContractTest, RemovesOneByItsIdAndItsClass) {
  const auto store = place_->open();
  const std::int64_t revoked = store->put_bar(bar(BarKind::jti, "a"))->record.id;
  const std::int64_t blocked = store->put_bar(bar(BarKind::client_id_pattern, "meter-*"))->record.id;
  for (const auto& refused : {store->remove_bar(BarClass::block, revoked), store->remove_bar(BarClass::block, 99)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
  }
  EXPECT_EQ(store->remove_bar(BarClass::block, blocked)->value, "meter-*");
  EXPECT_FALSE(store->remove_bar(BarClass::block, blocked));
  EXPECT_TRUE(values(*store, BarClass::block).empty());
  EXPECT_EQ(values(*store, BarClass::revocation), std::vector<std::string>{"a"});
  EXPECT_FALSE(store->put_bar(bar(BarKind::client_id_pattern, "meter-*"))->was_there);
}

TEST_P(StoreContractTest, ListsBarsByCursorAndSearch) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_bars({bar(BarKind::jti, "a1"), bar(BarKind::jti, "a2", "stolen"), bar(BarKind::jti, "b%")}));
  const auto page = *store->list_bars({BarClass::revocation, 0, "", 2});
  ASSERT_EQ(page.size(), 2u);
  const auto rest = *store->list_bars({BarClass::revocation, page[1].id, "", 2});
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].value, "b%");
  const auto found = [&](const char* text) { return store->list_bars({BarClass::revocation, 0, text, 10})->size(); };
  EXPECT_EQ(found("a"), 2u);
  EXPECT_EQ(found("stol"), 1u);
  EXPECT_EQ(found("%"), 1u);  // no wildcards
}

TEST_P(StoreContractTest, AFollowerHearsOfNewChangedAndRemovedBars) {
  const auto writer = place_->open();
  const auto follower = place_->open(StoreAccess::read);
  const std::int64_t first = writer->put_bar(bar(BarKind::jti, "a"))->record.id;
  std::vector<std::string> loaded;
  const auto state =
      follower->load([](const UserRecord&) {}, kAllUsers, [&](const BarRecord& b) { loaded.push_back(b.value); });
  ASSERT_TRUE(state) << state.error().to_text();
  EXPECT_EQ(loaded, std::vector<std::string>{"a"});
  std::int64_t at = state->sequence;
  const std::int64_t seen = *follower->data_version();

  BarRecord wider = bar(BarKind::username, "ann");
  ASSERT_TRUE(writer->put_bar(wider));
  EXPECT_NE(*follower->data_version(), seen);
  auto changes = follower->changes_after(at);
  ASSERT_TRUE(changes) << changes.error().to_text();
  EXPECT_FALSE(changes->from_scratch);
  EXPECT_TRUE(changes->users.empty());
  ASSERT_EQ(changes->bars.size(), 1u);  // a is not told again
  EXPECT_EQ(changes->bars[0].record.value, "ann");
  EXPECT_FALSE(changes->bars[0].removed);
  at = changes->sequence;

  ASSERT_TRUE(writer->remove_bar(BarClass::revocation, first));
  changes = follower->changes_after(at);
  ASSERT_EQ(changes->bars.size(), 1u);
  EXPECT_EQ(changes->bars[0].record.id, first);
  EXPECT_TRUE(changes->bars[0].removed);
  at = changes->sequence;

  ASSERT_TRUE(writer->put_bar(bar(BarKind::jti, "a")));
  changes = follower->changes_after(at);
  ASSERT_EQ(changes->bars.size(), 1u);
  EXPECT_FALSE(changes->bars[0].removed);
  EXPECT_TRUE(follower->changes_after(changes->sequence)->bars.empty());
  loaded.clear();
  ASSERT_TRUE(follower->load_bars([&](const BarRecord& b) { loaded.push_back(b.value); }));
  std::sort(loaded.begin(), loaded.end());
  EXPECT_EQ(loaded, (std::vector<std::string>{"a", "ann"}));
}

TEST_P(StoreContractTest, AFollowerThatMissedAPurgedRemovalStartsFromScratch) {
  const auto store = place_->open();
  const std::int64_t id = store->put_bar(bar(BarKind::jti, "a"))->record.id;
  const std::int64_t before = store->load([](const UserRecord&) {})->sequence;
  ASSERT_TRUE(store->remove_bar(BarClass::revocation, id));
  const std::int64_t after = store->load([](const UserRecord&) {})->sequence;
  const UnixSeconds now = SystemClock().unix_seconds();
  ASSERT_TRUE(store->purge_bars(now + 60));  // within the hour it is still told
  EXPECT_EQ(store->changes_after(before)->bars.size(), 1u);
  ASSERT_TRUE(store->purge_bars(now + 7'200));
  EXPECT_TRUE(store->changes_after(before)->from_scratch);
  EXPECT_FALSE(store->changes_after(after)->from_scratch);
}

TEST_P(StoreContractTest, WhatRanOutIsPurgedWithoutAWord) {
  const auto store = place_->open();
  BarRecord over = bar(BarKind::jti, "a");
  over.until = SystemClock().unix_seconds() + 60;
  ASSERT_TRUE(store->put_bars({over, bar(BarKind::jti, "b")}));
  const std::int64_t at = store->load([](const UserRecord&) {})->sequence;
  ASSERT_TRUE(store->purge_bars(over.until + 7'200));
  EXPECT_EQ(values(*store, BarClass::revocation), std::vector<std::string>{"b"});
  EXPECT_FALSE(store->changes_after(at)->from_scratch);
  EXPECT_TRUE(store->changes_after(at)->bars.empty());
}

TEST_P(StoreContractTest, AHundredThousandBarsGoInAtOnceAndAreTold) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_bar(bar(BarKind::jti, "first")));
  const std::int64_t at = store->load([](const UserRecord&) {})->sequence;
  std::vector<BarRecord> many;
  for (int i = 0; i < 100'000; ++i) many.push_back(bar(BarKind::jti, "jti-" + std::to_string(i), "one site"));
  many.push_back(many.front());  // twice in one file
  ASSERT_TRUE(store->put_bars(many));
  EXPECT_EQ(*store->count_bars(BarClass::revocation), 100'001u);
  const auto changes = store->changes_after(at);
  EXPECT_FALSE(changes->bars_from_scratch);
  EXPECT_EQ(changes->bars.size(), 100'000u);
}
