#include "rules/topic_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sallyport {
namespace {

TEST(TopicFilterTest, KnowsWellFormedNamesAndFilters) {
  for (std::string_view good : {"a", "/", "a/b", "a//b", "$SYS/x", "+", "#", "+/#", "a/+/b", "a/#", " "})
    EXPECT_TRUE(is_topic_filter(good)) << good;
  for (std::string_view bad : {"", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b#", "##", "++"})
    EXPECT_FALSE(is_topic_filter(bad)) << bad;
  EXPECT_FALSE(is_topic_filter(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_topic_filter(std::string(65'536, 'a')));
  EXPECT_TRUE(is_topic_filter(std::string(65'535, 'a')));
  EXPECT_TRUE(is_topic_name("a/b"));
  EXPECT_FALSE(is_topic_name("a/+"));
  EXPECT_FALSE(is_topic_name(""));
}

// The examples of MQTT 5, sections 4.7.1.2 to 4.7.2.
TEST(TopicFilterTest, MatchesAsTheStandardSays) {
  for (std::string_view topic :
       {"sport/tennis/player1", "sport/tennis/player1/ranking", "sport/tennis/player1/score/wimbledon"})
    EXPECT_TRUE(matches("sport/tennis/player1/#", topic)) << topic;
  EXPECT_TRUE(matches("sport/#", "sport"));
  EXPECT_TRUE(matches("sport/tennis/+", "sport/tennis/player2"));
  EXPECT_FALSE(matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  EXPECT_FALSE(matches("sport/+", "sport"));
  EXPECT_TRUE(matches("sport/+", "sport/"));
  EXPECT_TRUE(matches("+/+", "/finance"));
  EXPECT_TRUE(matches("/+", "/finance"));
  EXPECT_FALSE(matches("+", "/finance"));
  EXPECT_FALSE(matches("#", "$SYS/uptime"));
  EXPECT_FALSE(matches("+/monitor/Clients", "$SYS/monitor/Clients"));
  EXPECT_TRUE(matches("$SYS/#", "$SYS/"));
  EXPECT_TRUE(matches("$SYS/monitor/+", "$SYS/monitor/Clients"));
  EXPECT_TRUE(matches("a/#", "a/$x"));
}

// Long texts are looked at many bytes at a time.
TEST(TopicFilterTest, FindsWhatIsWrongAtEachPlaceOfALongName) {
  for (std::size_t size = 1; size <= 40; ++size) {
    std::string name(size, 'x');
    ASSERT_TRUE(is_topic_name(name)) << size;
    for (std::size_t at = 0; at < size; ++at)
      for (const char bad : {'+', '#', '\0'}) {
        name[at] = bad;
        ASSERT_FALSE(is_topic_name(name)) << size << " at " << at;
        name[at] = 'x';
      }
  }
}

TEST(TopicFilterTest, MatchesLongTextsAsItDoesShortOnes) {
  for (std::size_t size = 1; size <= 40; ++size) {
    const std::string head(size, 'x');
    EXPECT_TRUE(matches(head, head)) << size;
    EXPECT_FALSE(matches(head, head + "x")) << size;
    EXPECT_FALSE(matches(head + "x", head)) << size;
    EXPECT_FALSE(matches(head + "y", head + "z")) << size;
    EXPECT_TRUE(matches(head + "/#", head)) << size;
    EXPECT_TRUE(matches(head + "/#", head + "/y")) << size;
    EXPECT_FALSE(matches(head + "/#", head + "y")) << size;
    EXPECT_TRUE(matches(head + "/+/z", head + "/y/z")) << size;
    EXPECT_TRUE(matches(head + "/+/z", head + "//z")) << size;
    EXPECT_FALSE(matches(head + "/+/z", head + "/y/y")) << size;
    EXPECT_FALSE(matches(head + "/+", head)) << size;
    EXPECT_TRUE(matches("+/" + head, "y/" + head)) << size;
  }
}

TEST(TopicFilterTest, CoversOnlyWhatItHoldsWhole) {
  EXPECT_FALSE(covers("a/b", "a/#"));
  EXPECT_FALSE(covers("a/b", "a/+"));
  EXPECT_FALSE(covers("a/+", "a/#"));
  EXPECT_FALSE(covers("a/+/#", "a/#")) << "a/# holds a itself";
  EXPECT_FALSE(covers("#", "$SYS/#"));
  EXPECT_FALSE(covers("+/x", "$SYS/x"));
  EXPECT_TRUE(covers("a/#", "a/#"));
  EXPECT_TRUE(covers("a/#", "a/+/b/#"));
  EXPECT_TRUE(covers("+/b", "+/b"));
  EXPECT_TRUE(covers("+/b", "a/b"));
  EXPECT_TRUE(covers("#", "+/#"));
  EXPECT_TRUE(covers("+/#", "#")) << "every topic has a first level";
}

TEST(TopicFilterTest, JudgesASharedSubscriptionByItsFilter) {
  EXPECT_EQ(judged_filter("$share/g/a/#"), "a/#");
  EXPECT_EQ(judged_filter("$share/g//"), "/");
  EXPECT_EQ(judged_filter("$shared/g/a"), "$shared/g/a");
  EXPECT_EQ(judged_filter("a/b"), "a/b");
  for (std::string_view bad : {"$share", "$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/g#/a"})
    EXPECT_EQ(judged_filter(bad), std::nullopt) << bad;
}

// -- the slow, obvious model ------------------------------------------------------------------------------------------

using Split = std::vector<std::string>;

Split split(const std::string& text) {
  Split out{""};
  for (char c : text) {
    if (c == '/')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

bool model_matches(const Split& filter, const Split& topic, std::size_t i = 0) {
  if (i == 0 && !topic[0].empty() && topic[0][0] == '$' && (filter[0] == "+" || filter[0] == "#")) return false;
  if (i < filter.size() && filter[i] == "#") return true;
  if (i == filter.size() || i == topic.size()) return i == filter.size() && i == topic.size();
  return (filter[i] == "+" || filter[i] == topic[i]) && model_matches(filter, topic, i + 1);
}

void build(std::vector<std::string>& out, const std::vector<std::string>& words, std::size_t levels,
           const std::string& before = {}, bool first = true) {
  for (const std::string& word : words) {
    const std::string text = first ? word : before + "/" + word;
    if (!text.empty()) out.push_back(text);
    if (levels > 1 && word != "#") build(out, words, levels - 1, text, false);
  }
}

// Every pair of filters of up to three levels against every topic of up to four, one level and one word ("z", which
// no filter names) more than filters can tell apart: what holds for these holds for all.
TEST(TopicFilterTest, AgreesWithTheModelOnEveryPairOfSmallFilters) {
  std::vector<std::string> filters, topics;
  build(filters, {"a", "", "$s", "+", "#"}, 3);
  build(topics, {"a", "", "$s", "z"}, 4);
  std::vector<Split> filter_parts, topic_parts;
  for (const auto& f : filters) filter_parts.push_back(split(f));
  for (const auto& t : topics) topic_parts.push_back(split(t));

  std::vector<std::vector<bool>> hit(filters.size(), std::vector<bool>(topics.size()));
  for (std::size_t f = 0; f < filters.size(); ++f) {
    ASSERT_TRUE(is_topic_filter(filters[f])) << filters[f];
    for (std::size_t t = 0; t < topics.size(); ++t) {
      hit[f][t] = model_matches(filter_parts[f], topic_parts[t]);
      ASSERT_EQ(matches(filters[f], topics[t]), hit[f][t]) << filters[f] << " on " << topics[t];
    }
  }
  for (std::size_t held = 0; held < filters.size(); ++held)
    for (std::size_t asked = 0; asked < filters.size(); ++asked) {
      bool all = true, any = false;
      for (std::size_t t = 0; t < topics.size(); ++t) {
        if (!hit[asked][t]) continue;
        if (hit[held][t])
          any = true;
        else
          all = false;
      }
      ASSERT_EQ(covers(filters[held], filters[asked]), all) << filters[held] << " covers " << filters[asked];
      ASSERT_EQ(overlaps(filters[held], filters[asked]), any) << filters[held] << " overlaps " << filters[asked];
    }
}

}  // namespace
}  // namespace sallyport
