// ConsoleHouse: what the console's workers share. Made once, at start.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/accounts.h"
#include "admin/decision_tail.h"
#include "admin/process_watch.h"
#include "admin/user_import_job.h"
#include "config/settings.h"
#include "control/server.h"
#include "daemon/api/news_desk.h"
#include "daemon/http_metrics.h"
#include "engine/engine.h"

namespace sallyport::daemon {

struct ConsoleOptions {
  std::string config_path;
  std::string folder;  // of what is the console's own
  std::string store_url;
  ConsoleSettings settings;
  std::vector<std::string> addresses;  // as bound: "127.0.0.1:8090"
};

struct ConsoleHouse {
  ConsoleHouse(Engine& e, ConsoleOptions o, std::unique_ptr<ConsoleStore> s, control::HandlerTable own);

  Engine& engine;
  const ConsoleOptions options;
  std::unique_ptr<ConsoleStore> store;
  Accounts accounts;
  ProcessWatch watch;
  DecisionTail tail;
  UserImports imports;
  HttpMetrics metrics;
  NewsDesk news;
  std::atomic<bool> draining{false};

  // What each process says that answers, by its name: the daemon itself and the brokers. `unable` takes those
  // that were asked and do not, and why.
  std::vector<std::pair<std::string, nlohmann::json>> ask_everybody(
      const nlohmann::json& question, std::vector<std::pair<std::string, Error>>* unable = nullptr);
  // Whether the settings in force keep decisions ([audit] keep).
  bool keeps_decisions();
  bool secure() const noexcept { return !options.settings.tls_cert.empty(); }
  // Whether a Host header names this console. A page of a stranger whose name was pointed here by DNS does not.
  bool is_ours(std::string_view host) const;

 private:
  const control::HandlerTable own_;
  std::mutex keeps_mutex_;
  std::int64_t keeps_known_at_ms_ = -1'000'000;
  bool keeps_ = false;
  std::vector<std::string> hosts_;  // in lower case; with a port where it matters
};

}  // namespace sallyport::daemon
