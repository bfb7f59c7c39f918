// EngineDesk: the desk of one worker thread: its Decider, and the admissions of all.
#pragma once

#include <memory>

#include "daemon/admissions.h"
#include "daemon/desk.h"
#include "engine/engine.h"

namespace sallyport::daemon {

class EngineDesk final : public Desk {
 public:
  EngineDesk(Engine& engine, Admissions& admissions) : engine_(engine), admissions_(admissions), decider_(engine) {}

  UnixSeconds now() const override { return engine_.clock().unix_seconds(); }
  Ruling connect(Contract contract, const ConnectAttempt& attempt, const ClientName* client) override;
  Admission last_admission(std::string_view client_id) override;
  Verdict topic(const Admission& admission, const TopicRequest& request) override;
  std::optional<Admission> admitted(Contract contract, const ClientName& client) override;
  std::vector<std::string> explain() override;
  bool token_is_username() override;
  const ContractOptions& options() const override { return *options_; }
  void set_options(std::shared_ptr<const ContractOptions> options) { options_ = std::move(options); }

  // Whether a ruling since begin() could not be made because keys are being fetched: ask again once there is a newer
  // snapshot.
  void begin() noexcept { waits_for_keys_ = false; }
  bool waits_for_keys() const noexcept { return waits_for_keys_; }
  std::uint64_t snapshot_generation();

 private:
  Engine& engine_;
  Admissions& admissions_;
  Engine::Decider decider_;
  std::shared_ptr<const ContractOptions> options_ = std::make_shared<const ContractOptions>();
  Ruling last_;
  bool waits_for_keys_ = false;
};

}  // namespace sallyport::daemon
