// A gate in a fake broker, with settings in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "brokers/mosquitto/fake_broker_testing.h"
#include "brokers/mosquitto/gate.h"

namespace sallyport::mosquitto {

inline ::mosquitto client(const char* id, const char* username = "x", const char* address = "127.0.0.1") {
  ::mosquitto c;
  c.id = id;
  if (username) c.username = username;
  if (address) c.address = address;
  return c;
}

// Time that a test moves.
class SteeredClock final : public Clock {
 public:
  UnixSeconds unix_seconds() const override { return 1'800'000'000 + ms_ / 1000; }
  std::int64_t monotonic_ms() const override { return ms_; }
  void forward(std::int64_t seconds) { ms_ += seconds * 1000; }

 private:
  std::atomic<std::int64_t> ms_{1'000'000};
};

class GateFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    broker() = FakeBroker{};
    folder_ = (std::filesystem::temp_directory_path() / "sp-gate-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override {
    gate_.reset();
    std::filesystem::remove_all(folder_);
  }
  void write(const std::string& settings) {
    std::ofstream(folder_ + "/s.toml") << settings;
    std::filesystem::permissions(folder_ + "/s.toml",
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  void start(const std::string& settings) {
    write(settings);
    auto host = EngineHost::acquire(folder_ + "/s.toml", &clock_);
    ASSERT_NE(host, nullptr) << broker().all_lines();
    engine_ = &host->engine();
    gate_ = std::make_unique<Gate>(std::move(host), nullptr);
    ASSERT_TRUE(gate_->register_callbacks());
  }
  int connect(::mosquitto& c, const std::string& password) { return broker().basic_auth(c, password.c_str()); }

  SteeredClock clock_;
  std::string folder_;
  Engine* engine_ = nullptr;
  std::unique_ptr<Gate> gate_;
};

}  // namespace sallyport::mosquitto
