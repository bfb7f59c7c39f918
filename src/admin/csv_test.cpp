#include "admin/csv.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  append_csv_cell(out, text);
  return out;
}

TEST(CsvTest, WritesPlainTextAsItIs) {
  EXPECT_EQ(cell("meter-4711"), "meter-4711");
  EXPECT_EQ(cell(""), "");
  EXPECT_EQ(cell("a=b"), "a=b");
  EXPECT_EQ(cell("a-1"), "a-1");
}

TEST(CsvTest, QuotesWhatWouldEndACell) {
  EXPECT_EQ(cell("a,b"), "\"a,b\"");
  EXPECT_EQ(cell("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(cell("a\r\nb"), "\"a\r\nb\"");
  EXPECT_EQ(cell(" a"), "\" a\"");
}

TEST(CsvTest, NoCellIsAFormula) {
  for (const std::string text : {"=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", " =1", "\"=1", "'=1",
                                 "\xef\xbc\x9d"
                                 "1"})
    EXPECT_EQ(cell(text).substr(0, 2), "\"'") << text;
}

TEST(CsvTest, RowsEndAsTheStandardHasThem) {
  std::string out;
  append_csv_row(out, {"a", "b,c", ""});
  EXPECT_EQ(out, "a,\"b,c\",\r\n");
}

}  // namespace
}  // namespace sallyport
