#include "bars/bar_import.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

ReadBytes bytes_of(std::string text) {
  return [text = std::move(text), at = std::size_t{0}](char* buffer, std::size_t n) mutable {
    const std::size_t given = std::min(n, text.size() - at);
    text.copy(buffer, given, at);
    at += given;
    return given;
  };
}

std::vector<ImportedBar> read(const std::string& text) {
  ByteStream bytes(bytes_of(text));
  BarImport import(bytes);
  EXPECT_TRUE(import.start());
  std::vector<ImportedBar> out;
  for (ImportedBar one; import.next(one);) out.push_back(one);
  return out;
}

std::string start_fault(const std::string& text) {
  ByteStream bytes(bytes_of(text));
  BarImport import(bytes);
  const Result<void> started = import.start();
  return started ? "" : started.error().to_text();
}

TEST(BarImportTest, ReadsEachColumn) {
  const auto rows = read(
      "jti,principal,kid,issuer,issued_before,until,why\r\n"
      "a-1,,,,,1800000000,\"stolen, in Lyon\"\n"
      ",meter-7,,https://idp.example,2026-11-24T12:00:00Z,,\n"
      ",,k1,,,,\n");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].bar.kind, BarKind::jti);
  EXPECT_EQ(rows[0].bar.value, "a-1");
  EXPECT_EQ(rows[0].bar.until, 1'800'000'000);
  EXPECT_EQ(rows[0].bar.why, "stolen, in Lyon");
  EXPECT_EQ(rows[1].bar.kind, BarKind::principal);
  EXPECT_EQ(rows[1].bar.issuer, "https://idp.example");
  EXPECT_EQ(rows[1].bar.issued_before, 1'795'521'600);
  EXPECT_EQ(rows[2].bar.kind, BarKind::key_id);
  EXPECT_EQ(rows[2].bar.until, kForever);
  for (const ImportedBar& row : rows) EXPECT_FALSE(row.fault);
}

TEST(BarImportTest, AFaultNamesItsRowAndTheNextRowIsRead) {
  const auto rows = read("jti,principal,until\na,b,\n,,\nc,,tomorrow\nd\ne,,5\n");
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0].fault->to_text(),
            "row 2: the row revokes two things at once\n  hint: exactly one of jti, principal and kid");
  EXPECT_EQ(rows[1].fault->cause, "the row says nothing of what is revoked");
  EXPECT_EQ(rows[2].fault->place, "row 4, column until");
  EXPECT_EQ(rows[3].fault->cause, "the row has 1 fields and the header 3");
  EXPECT_FALSE(rows[4].fault);
}

TEST(BarImportTest, AFileWithoutAHeaderIsToldSo) {
  EXPECT_NE(start_fault("").find("the file is empty"), std::string::npos);
  EXPECT_NE(start_fault("4b1c-77\n").find("there is no column 4b1c-77"), std::string::npos);
  EXPECT_NE(start_fault("why\nx\n").find("no column says what is revoked"), std::string::npos);
  EXPECT_NE(start_fault("jti,jti\n").find("twice"), std::string::npos);
  EXPECT_EQ(start_fault("jti\n"), "");
}

}  // namespace
}  // namespace sallyport
