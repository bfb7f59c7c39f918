#include "users/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport {
namespace {

using Fields = std::vector<std::string>;

// Hands the text over `chunk` bytes at a time, as a pipe may.
ByteStream stream(std::string text, std::size_t chunk = 7) {
  return ByteStream([text = std::move(text), at = std::size_t{0}, chunk](char* buffer, std::size_t n) mutable {
    const std::size_t take = std::min({n, chunk, text.size() - at});
    text.copy(buffer, take, at);
    at += take;
    return take;
  });
}
std::vector<CsvRow> rows(const std::string& text, std::size_t chunk = 7) {
  ByteStream bytes = stream(text, chunk);
  CsvReader reader(bytes);
  std::vector<CsvRow> all;
  for (CsvRow row; reader.next(row);) all.push_back(row);
  return all;
}

TEST(CsvReaderTest, ReadsRowsOfLfAndCrlfAlike) {
  for (const char* text : {"a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\n1,2"}) {
    const auto all = rows(text);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].fields, (Fields{"a", "b"}));
    EXPECT_EQ(all[1].fields, (Fields{"1", "2"}));
    EXPECT_EQ(all[1].number, 2u);
  }
}

TEST(CsvReaderTest, TakesOffAByteOrderMark) {
  EXPECT_EQ(rows("\xef\xbb\xbf"
                 "a,b\n",
                 100)[0]
                .fields,
            (Fields{"a", "b"}));
}

TEST(CsvReaderTest, ReadsQuotesCommasAndLineBreaksInQuotedFields) {
  const auto all = rows("\"a,\"\"b\"\"\",\"line\r\nbreak\",\"\"\nnext,,\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fields, (Fields{"a,\"b\"", "line\r\nbreak", ""}));
  EXPECT_EQ(all[1].fields, (Fields{"next", "", ""}));
  EXPECT_EQ(all[1].number, 2u);  // as a spreadsheet counts, not as an editor does
}

TEST(CsvReaderTest, KeepsSpacesAndQuotesInsideUnquotedFields) {
  EXPECT_EQ(rows(" a ,b\"c\n")[0].fields, (Fields{" a ", "b\"c"}));
}

TEST(CsvReaderTest, PassesOverEmptyLinesAndCountsThem) {
  const auto all = rows("a\n\n\r\nb\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].number, 4u);
}

TEST(CsvReaderTest, TellsWhatIsWrongWithARowAndGoesOn) {
  const auto all = rows("a,\"b\"x\nfine,2\n", 3);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_FALSE(all[1].fault);
  ASSERT_TRUE(all[0].fault);
  EXPECT_EQ(all[0].fault->cause, "there is text after the closing quote");
  EXPECT_EQ(all[0].fault->place, "row 1, column 2");
  const auto nul =
      rows(std::string("a\n1\0"
                       "2\nb\n",
                       8));
  ASSERT_EQ(nul.size(), 3u);
  ASSERT_TRUE(nul[1].fault);
  EXPECT_EQ(nul[1].fault->cause, "there is a NUL character in the field");
  EXPECT_FALSE(nul[2].fault);
}

TEST(CsvReaderTest, AQuoteThatDoesNotEndIsAFaultOfItsRow) {
  const auto all = rows("a\n\"b\nc\n");
  ASSERT_EQ(all.size(), 2u);
  ASSERT_TRUE(all[1].fault);
  EXPECT_EQ(all[1].fault->cause, "a quoted field does not end");
}

TEST(CsvReaderTest, ReadsATenMegabyteRowAndRefusesALongerOneInBoundedMemory) {
  const std::string row(kMaxCsvRow - 10, 'x');
  EXPECT_EQ(rows(row + "\nb\n", 1 << 16)[0].fields[0].size(), row.size());
  const std::string longer(kMaxCsvRow + 10, 'x');
  for (const std::string quote : {"", "\""}) {
    const auto all = rows(quote + longer + quote + "\nb\n", 1 << 16);
    ASSERT_EQ(all.size(), 2u);
    ASSERT_TRUE(all[0].fault);
    EXPECT_THAT(all[0].fault->cause, testing::HasSubstr("longer than"));
    EXPECT_EQ(all[1].fields, Fields{"b"});
    EXPECT_FALSE(all[1].fault);
  }
}

TEST(CsvReaderTest, ReadsBackWhatItWrites) {
  for (const std::string text : {"", "plain", "a,b", "say \"hi\"", "line\nbreak", "\r", " lead", "trail ", "\""}) {
    const auto all = rows(csv_field(text) + ",end\n");
    ASSERT_EQ(all.size(), 1u) << text;
    EXPECT_EQ(all[0].fields, (Fields{text, "end"}));
  }
}

}  // namespace
}  // namespace sallyport
