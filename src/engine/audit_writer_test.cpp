#include "engine/audit_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace sallyport {
namespace {

class AuditWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "sp-writer-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void decide(int times) {
    ConnectAttempt attempt;
    attempt.client_id = "meter";
    Decision refused;
    refused.verdict = Verdict::deny;
    refused.reason = Reason::expired;
    for (int i = 0; i < times; ++i) ring_.keep(attempt, refused, Trace(), clock_.unix_seconds(), "", "");
  }
  // A writer's whole life: it writes what is there.
  void run(const std::string& url) {
    AuditWriter writer(
        ring_, clock_, "test",
        [&] {
          return AuditTarget{url, 1'000'000'000, 1 << 30};
        },
        [this](LogLevel, const std::string& line) { log_ += line + "\n"; });
    // Before its thread looks for the first time: what memory did not hold is lost by then.
    decide(20);
    ASSERT_TRUE(writer.start());
    writer.stop();
    written_ = writer.written();
    dropped_ = writer.dropped();
  }
  std::string url(const std::string& under) const { return "sqlite://" + folder_ + under + "/store.db"; }

  std::string folder_, log_;
  SystemClock clock_;
  DecisionRing ring_{16};  // twelve of them for refusals
  std::uint64_t written_ = 0, dropped_ = 0;
};

TEST_F(AuditWriterTest, WhatMemoryDidNotHoldIsCountedAndSaid) {
  run(url(""));
  EXPECT_EQ(written_, 12u);
  EXPECT_EQ(dropped_, 8u);
  EXPECT_NE(log_.find("8 decisions were made and not kept"), std::string::npos) << log_;
  auto kept = AuditStore::open_to_read(url(""));
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->newest().value(), 12);
}

TEST_F(AuditWriterTest, WhatCannotBeWrittenBeforeTheEndIsCountedAndSaid) {
  run(url("/none"));
  EXPECT_EQ(written_, 0u);
  EXPECT_EQ(dropped_, 20u);
  EXPECT_NE(log_.find("decisions cannot be kept: "), std::string::npos) << log_;
  EXPECT_NE(log_.find("20 decisions were made and not kept"), std::string::npos) << log_;
}

}  // namespace
}  // namespace sallyport
