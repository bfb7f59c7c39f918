// EngineDesk: the desk of one worker thread: its Decider, and the admissions of all.
#pragma once

#include <memory>

#include "daemon/admissions.h"
#include "daemon/desk.h"
#include "daemon/ending/endings.h"
#include "daemon/held.h"
#include "engine/engine.h"

namespace sallyport::daemon {

class EngineDesk final : public Desk {
 public:
  // `shared`: nothing where there is one node alone.
  EngineDesk(Engine& engine, Admissions& admissions, SharedAdmissions* shared, Endings* endings = nullptr)
      : engine_(engine), admissions_(admissions), shared_(shared), endings_(endings), decider_(engine) {}

  UnixSeconds now() const override { return engine_.clock().unix_seconds(); }
  Ruling connect(Contract contract, const ConnectAttempt& attempt, const ClientName* client) override;
  Admission last_admission(std::string_view client_id) override;
  std::optional<ListedRights> last_rights(std::string_view client_id) override;
  Verdict topic(const Admission& admission, const TopicRequest& request) override;
  std::optional<Admission> admitted(Contract contract, const ClientName& client) override;
  std::vector<std::string> explain() override;
  bool token_is_username() override;
  const ContractOptions& options() const override { return *options_; }
  // Of the client that the request at hand is about; empty: none that counts. Lives as long as the request.
  void set_certificate(std::string_view thumbprint) noexcept { certificate_ = thumbprint; }
  void set_options(std::shared_ptr<const ContractOptions> options) { options_ = std::move(options); }

  // A request begins, or begins again with what it was `held` for. Where it is `final` it is answered with what is
  // there.
  void begin(Held& held, bool final) noexcept;
  using Wait = ::sallyport::daemon::Wait;
  Wait wait() const noexcept { return wait_; }
  std::uint64_t snapshot_generation();

 private:
  Engine& engine_;
  Admissions& admissions_;
  SharedAdmissions* shared_;
  Endings* endings_;
  Engine::Decider decider_;
  std::shared_ptr<const ContractOptions> options_ = std::make_shared<const ContractOptions>();
  Ruling last_;
  Held* held_ = nullptr;
  bool final_ = true;
  Wait wait_ = Wait::none;
  std::string_view certificate_;
  std::string client_key_;
};

}  // namespace sallyport::daemon
