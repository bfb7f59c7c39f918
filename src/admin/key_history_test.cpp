#include "admin/key_history.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sallyport {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

json report(const Names& kids, const std::string& source = "") {
  json keys = json::array();
  for (const std::string& kid : kids) keys.push_back({{"kid", kid}, {"thumbprint", "t-" + kid}});
  return {{"sources", {{{"name", source}, {"keys", keys}}}}};
}

TEST(KeyHistoryTest, ARotationIsTwoChangesAndTheFirstLookIsNone) {
  KeyHistory history;
  history.look("broker", report({"old"}), 10);
  history.look("broker", report({"old"}), 12);
  EXPECT_TRUE(history.changes().empty());
  history.look("broker", report({"old", "new"}), 20);
  history.look("broker", report({"new"}), 30);
  ASSERT_EQ(history.changes().size(), 2u);
  EXPECT_EQ(history.changes()[0].at, 20);
  EXPECT_EQ(history.changes()[0].added, Names{"new"});
  EXPECT_TRUE(history.changes()[0].removed.empty());
  EXPECT_EQ(history.changes()[1].removed, Names{"old"});
}

TEST(KeyHistoryTest, ProcessesAndSourcesAreKeptApart) {
  KeyHistory history;
  history.look("broker 1", report({"a"}), 1);
  history.look("broker 2", report({"b"}), 1);
  history.look("broker 1", report({"c"}, "plant"), 1);
  EXPECT_TRUE(history.changes().empty());
  history.look("broker 2", report({"a"}), 2);
  ASSERT_EQ(history.changes().size(), 1u);
  EXPECT_EQ(history.changes()[0].process, "broker 2");
}

TEST(KeyHistoryTest, IsBounded) {
  KeyHistory history;
  for (std::size_t i = 0; i < 2 * KeyHistory::kMost; ++i)
    history.look("broker", report({std::to_string(i)}), static_cast<UnixSeconds>(i));
  EXPECT_EQ(history.changes().size(), KeyHistory::kMost);
  history.look("broker", json::array(), 0);
  Names many;
  for (int i = 0; i < 1000; ++i) many.push_back("k" + std::to_string(i));
  history.look("broker", report(many), 0);
  EXPECT_EQ(history.changes().back().added.size(), KeyHistory::kMostNames);
}

}  // namespace
}  // namespace sallyport
