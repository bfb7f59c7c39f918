#include "brokers/mosquitto/session_board.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bars/bar_list.h"

namespace sallyport::mosquitto {
namespace {

using nlohmann::json;
const auto* const kOne = reinterpret_cast<const ::mosquitto*>(0x10);
const auto* const kTwo = reinterpret_cast<const ::mosquitto*>(0x20);

Session admitted(std::optional<UnixSeconds> ends_at = {}) {
  Session s;
  s.standing = Standing::admitted;
  s.username = "u";
  s.ends_at = ends_at;
  return s;
}
std::vector<std::string> ids(const Result<json>& answer) {
  std::vector<std::string> out;
  for (const json& one : answer.value()["sessions"]) out.push_back(one["client_id"]);
  return out;
}
using Ids = std::vector<std::string>;

TEST(SessionBoardTest, ListsWhoIsConnectedInOrderAndByPages) {
  SessionBoard board;
  for (int i = 0; i < 300; ++i) board.entered("c" + std::to_string(1000 + i), kOne, admitted());
  EXPECT_EQ(ids(board.list({{"limit", 2}})), (Ids{"c1000", "c1001"}));
  EXPECT_EQ(ids(board.list({{"limit", 2}, {"after", "c1297"}})), (Ids{"c1298", "c1299"}));
  EXPECT_EQ(ids(board.list({{"search", "c129"}})).size(), 10u);
  EXPECT_EQ(ids(board.list({{"client_id", "c1007"}})), Ids{"c1007"});
  EXPECT_EQ(ids(board.list({{"client_id", "c7"}})), Ids{});
  EXPECT_FALSE(board.list({{"limit", 0}}));
}

TEST(SessionBoardTest, OneWhoWasTakenOverDoesNotTakeTheOtherAway) {
  SessionBoard board;
  board.entered("c", kOne, admitted());
  board.entered("c", kTwo, admitted());
  board.taken("c", kOne);
  EXPECT_EQ(ids(board.list(json::object())), Ids{"c"});
  board.taken("c", kTwo);
  EXPECT_EQ(ids(board.list(json::object())), Ids{});
}

TEST(SessionBoardTest, CountsWhoEndsWhen) {
  SessionBoard board;
  board.entered("a", kOne, admitted(1000));
  board.entered("b", kOne, admitted(1010));
  board.entered("c", kOne, admitted(1599));
  board.entered("d", kOne, admitted(9999));
  board.entered("e", kOne, admitted());
  board.entered("f", kOne, admitted(10));  // over, and about to be sent away
  const Result<json> ends = board.ends({{"from", 1000}, {"width", 300}, {"buckets", 2}});
  ASSERT_TRUE(ends);
  EXPECT_EQ((*ends)["counts"], (json{3, 1}));
  EXPECT_EQ((*ends)["later"], 1);
  EXPECT_EQ((*ends)["without_end"], 1);
  EXPECT_EQ((*ends)["sessions"], 6);
}

TEST(SessionBoardTest, CountsWhoCameInByWhichKey) {
  SessionBoard board;
  Session by_a = admitted(), by_b = admitted();
  by_a.marks.key = key_mark("jwks a");
  by_b.marks.key = key_mark("jwks b");
  board.entered("1", kOne, by_a);
  board.entered("2", kOne, by_a);
  board.entered("3", kOne, by_b);
  board.entered("4", kOne, admitted());  // by password
  const Result<json> counts = board.by_key({{"labels", {"jwks b", "jwks a", "jwks c", ""}}});
  ASSERT_TRUE(counts);
  EXPECT_EQ((*counts)["counts"], (json{1, 2, 0, 0}));
  EXPECT_FALSE(board.by_key({{"labels", {7}}}));
  EXPECT_FALSE(board.by_key(json::object()));
}

}  // namespace
}  // namespace sallyport::mosquitto
