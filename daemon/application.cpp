#include "daemon/application.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "codec/base64url.h"
#include "config/load.h"
#include "config/schema_http.h"
#include "control/handlers.h"
#include "control/session_verbs.h"
#include "crypto/random.h"
#include "daemon/http/tls.h"
#include "daemon/notify.h"
#include "daemon/responder.h"
#include "postgres/postgres_admissions.h"
#include "postgres/postgres_store.h"

namespace sallyport::daemon {
namespace {

constexpr int kStopped = 0, kEnvironment = 3;
constexpr auto kDoorsStayOpen =
    std::chrono::milliseconds(500);  // a load balancer sees "not ready" before a closed port

std::string one_line(const Error& e) {
  std::string out = e.place.empty() ? e.cause : e.place + ": " + e.cause;
  if (!e.hint.empty()) out += "; hint: " + e.hint;
  return out;
}

bool is_postgres(std::string_view url) { return url.starts_with("postgres://") || url.starts_with("postgresql://"); }

std::shared_ptr<const ContractOptions> options_of(const HttpSettings& http) {
  auto out = std::make_shared<ContractOptions>();
  out->without_client_id = http.without_client_id;
  out->rabbitmq_exchange = http.rabbitmq_exchange;
  out->cache_max_age = http.cache_max_age;
  out->emqx_acl = http.emqx_acl;
  return out;
}

// A machine that is cut off from its store does not start later for it.
constexpr auto kFirstLook = std::chrono::milliseconds(2000);

// Ten thousand connections are ten thousand descriptors.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t awaited() {
  sigset_t set;
  sigemptyset(&set);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, one);
  return set;
}

}  // namespace

void Application::say(LogLevel level, const Error& error) const { log_.write(level, one_line(error)); }

int Application::run() {
  if (!start()) return kEnvironment;
  wait_for_signals();
  drain();
  return kStopped;
}

bool Application::start() {
  raise_descriptor_limit();
  const auto refuse = [&](const std::vector<Error>& faults) {
    for (const Error& fault : faults) say(LogLevel::error, fault);
    say(LogLevel::error, "the daemon does not start; hint: sallyport config check --config " + config_path_);
    return false;
  };
  postgres::register_postgres_store();
  EngineOptions options;
  options.config_path = config_path_;
  options.accepts_postgres = true;
  options.may_fetch_users = true;
  options.store_bell = [](const std::string& url, std::function<void()> ring) -> std::shared_ptr<void> {
    if (!is_postgres(url)) return nullptr;
    postgres::Listener::Hooks hooks{[ring](std::string_view) { ring(); }, ring};
    return std::make_shared<postgres::Listener>(url, postgres::kChangeChannel, std::move(hooks));
  };
  options.process = "sallyportd";
  options.log = [this](LogLevel level, std::string_view line) { log_.write(level, line); };
  auto engine = Engine::open(std::move(options));
  if (!engine) return refuse(engine.error().faults);
  engine_ = std::move(*engine);
  for (const ShownValue& value : engine_->status().settings)
    if (value.name == "log.format") log_.set_format(value.value == "\"json\"" ? LogFormat::json : LogFormat::text);

  auto settings = load_file_only(config_path_);
  if (!settings) return refuse(settings.error().faults);
  settings_ = settings->http;
  auto callers = Callers::load(settings_);
  if (!callers) return refuse(callers.error());
  for (const std::string& warning : (*callers)->warnings()) say(LogLevel::warning, warning);
  http::ServerOptions server;
  if (!settings_.tls_cert.empty()) {
    auto tls = http::make_tls_context(settings_);
    if (!tls) return refuse({tls.error()});
    server.tls = std::move(*tls);
  }
  std::vector<http::Listener> listeners;
  for (const std::string& address : settings_.listen) {
    auto listener = http::open_listener(address);
    if (!listener) return refuse({listener.error()});
    listeners.push_back(std::move(*listener));
  }
  std::vector<std::string> addresses;
  for (const http::Listener& listener : listeners) addresses.push_back(listener.address);

  house_ = std::make_unique<House>(*engine_, static_cast<std::size_t>(settings_.max_admissions),
                                   std::make_shared<const HouseRules>(HouseRules{*callers, options_of(settings_)}));
  share_admissions(settings->store.url);
  brokers_ = settings->brokers;
  if (const auto faults = house_->endings.set_brokers(brokers_); !faults.empty()) return refuse(faults);
  server.workers = settings_.workers ? static_cast<std::size_t>(settings_.workers)
                                     : std::max(1u, std::thread::hardware_concurrency());
  server.max_connections = static_cast<std::size_t>(settings_.max_connections);
  const std::size_t workers = server.workers;
  server_ = std::make_unique<http::Server>([this] { return std::make_unique<Responder>(*house_); }, house_->metrics,
                                           std::move(listeners), std::move(server));
  if (const Result<void> started = engine_->start(); !started) return refuse({started.error()});
  if (const Result<void> started = server_->start(); !started) return refuse({started.error()});
  if (house_->shared) {
    if (const Result<void> started = house_->shared->start([this] { server_->wake(); }); !started)
      return refuse({started.error()});
    house_->shared->await_first_look(kFirstLook);
  }
  open_control_socket();
  if (!settings->console.listen.empty()) {
    auto console = ConsoleFront::start(*engine_, *settings, config_path_, own_handlers());
    if (!console) return refuse({console.error()});
    console_ = std::move(*console);
  }
  watch(settings_);
  for (const std::string& address : addresses)
    say(LogLevel::notice, fmt::format("listening on {}{}", address,
                                      settings_.tls_cert.empty() || address.starts_with("unix:") ? "" : " (tls)"));
  if (console_)
    for (const std::string& url : console_->urls()) say(LogLevel::notice, "the console is at " + url);
  say(LogLevel::notice, fmt::format("sallyportd {} is up with {} workers", SALLYPORT_VERSION, workers));
  warn_of_loose_ends();
  notify_service_manager("READY=1");
  return true;
}

// Several nodes beside one database know of each other's clients.
void Application::share_admissions(const std::string& url) {
  if (!is_postgres(url)) return;
  const std::string node = encode_hex(random_bytes(8));
  SharedAdmissions::Stores stores{std::make_unique<postgres::PostgresAdmissions>(url, node),
                                  std::make_unique<postgres::PostgresAdmissions>(url, node)};
  house_->shared = std::make_unique<SharedAdmissions>(house_->admissions, std::move(stores),
                                                      static_cast<std::size_t>(settings_.max_admissions));
  postgres::Listener::Hooks hooks{
      [this, node](std::string_view payload) { house_->shared->heard(postgres::read_notice(payload, node)); },
      [this] { house_->shared->missed_some(); }};
  admission_listener_ = std::make_unique<postgres::Listener>(url, postgres::kAdmissionChannel, std::move(hooks));
}

control::HandlerTable Application::own_handlers() {
  control::HandlerTable out = control::engine_handlers(*engine_, [this] {
    control::HostFacts facts{{"daemon", std::string("sallyportd ") + SALLYPORT_VERSION},
                             {"connections", std::to_string(server_->connections())},
                             {"admissions", std::to_string(house_->admissions.size())}};
    for (auto& fact : house_->endings.report()) facts.push_back(std::move(fact));
    return facts;
  });
  out["metrics"] = [this](const nlohmann::json&) -> Result<nlohmann::json> {
    return nlohmann::json{{"text", house_->metrics_text()}};
  };
  control::add_session_verbs(out,
                             [this](const control::SessionOrder& order) { return house_->operator_ends.give(order); });
  return out;
}

void Application::open_control_socket() {
  if (settings_.control_socket.empty()) return;
  control::ServerOptions options;
  options.path = settings_.control_socket;
  options.handlers = own_handlers();
  auto server = control::Server::start(std::move(options));
  if (!server) return say(LogLevel::error, "no control socket: " + one_line(server.error()));
  control_ = std::move(*server);
}

// What is allowed and may surprise.
void Application::warn_of_loose_ends() {
  const std::shared_ptr<const GateSnapshot> snapshot = engine_->snapshot();
  bool bound = !snapshot->jwt.enabled;
  for (const ClaimRule& rule : snapshot->jwt.plain.claims)
    bound = bound || (snapshot->jwt.plain.verify_claims && rule.expected.uses_client_id());
  if (!bound)
    say(LogLevel::notice,
        "no claim binds the client id, so any good token may take any client id and, in a broker, throw its owner out; "
        "hint: [jwt] claims = { client_id = \"%c\" }");
  if (settings_.open())
    say(LogLevel::notice, "everybody on this machine may ask; hint: set [[http.callers]] to change that");
}

void Application::watch(const HttpSettings& settings) {
  watched_.clear();
  std::vector<std::string> paths = {settings.tls_cert, settings.tls_key, settings.client_ca, settings.bearer_file};
  for (const HttpCallerSetting& caller : settings.callers)
    for (const std::string* path : {&caller.bearer_file, &caller.basic_password_file, &caller.path_secret_file})
      paths.push_back(*path);
  for (const BrokerSetting& broker : brokers_) paths.push_back(broker.password_file);
  for (const std::string& path : paths)
    if (!path.empty()) watched_.push_back({path, file_identity(path)});
}

void Application::follow_files() {
  bool changed = false;
  for (WatchedFile& file : watched_) {
    std::string identity = file_identity(file.path);
    changed = changed || identity != file.identity;
    file.identity = std::move(identity);
  }
  if (changed) reload_http(false);
}

// Callers, certificates and what contracts are told. What a running process cannot change is said.
void Application::reload_http(bool asked) {
  const auto keep = [&](const std::vector<Error>& faults) {
    for (const Error& fault : faults)
      say(LogLevel::error, "[http] not applied, the old settings stay in force: " + one_line(fault));
  };
  auto loaded = load_file_only(config_path_);
  if (!loaded) return keep(loaded.error().faults);
  // Only a reload that was asked for reads the settings anew; a changed certificate or secret belongs to those in
  // force.
  HttpSettings next = asked ? loaded->http : settings_;
  auto callers = Callers::load(next);
  if (!callers) return keep(callers.error());
  for (const std::string& warning : (*callers)->warnings()) say(LogLevel::warning, warning);
  if (next.tls_cert.empty() != settings_.tls_cert.empty())
    return keep({invalid("TLS cannot be switched on or off in a running daemon", "restart it", "http.tls_cert")});
  if (!next.tls_cert.empty()) {
    auto tls = http::make_tls_context(next);
    if (!tls) return keep({tls.error()});
    server_->set_tls(std::move(*tls));
  }
  if (next.listen != settings_.listen || next.workers != settings_.workers ||
      next.max_connections != settings_.max_connections || next.max_admissions != settings_.max_admissions ||
      next.control_socket != settings_.control_socket)
    say(LogLevel::warning,
        "listen, workers, control_socket, max_connections and max_admissions change with a restart of the daemon "
        "alone");
  // The doors are the ones that were opened, and an open table of callers must not stand behind a wide one.
  next.listen = settings_.listen;
  if (const auto faults = http_contradictions(next); !faults.empty()) return keep(faults);
  std::vector<BrokerSetting> brokers = asked ? loaded->brokers : brokers_;
  if (const auto faults = house_->endings.set_brokers(brokers); !faults.empty()) return keep(faults);
  brokers_ = std::move(brokers);
  house_->rules.store(std::make_shared<const HouseRules>(HouseRules{*callers, options_of(next)}));
  settings_ = std::move(next);
  watch(settings_);
  say(LogLevel::notice, "callers and certificates read again");
}

void Application::wait_for_signals() {
  const sigset_t set = awaited();
  const std::int64_t watchdog = watchdog_period_ms().value_or(0);
  auto fed = std::chrono::steady_clock::now();
  for (int round = 0;; ++round) {
    const timespec period{0, 250'000'000};
    const int signal = ::sigtimedwait(&set, nullptr, &period);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP) {
      notify_service_manager("RELOADING=1");
      engine_->request_reload();
      reload_http(true);
      notify_service_manager("READY=1");
    }
    house_->end_who_is_out();
    if (round % 4096 == 4095 && console_) console_->sweep();
    if (round % 4 == 3) {
      follow_files();
      house_->admissions.sweep(engine_->clock().unix_seconds());
    }
    const auto now = std::chrono::steady_clock::now();
    // A process whose workers stand still must not say that it lives.
    if (watchdog && now - fed >= std::chrono::milliseconds(watchdog / 3) && server_->alive() &&
        (!console_ || console_->alive())) {
      notify_service_manager("WATCHDOG=1");
      fed = now;
    }
  }
}

void Application::drain() {
  using Clock = std::chrono::steady_clock;
  notify_service_manager("STOPPING=1");
  const auto begin = Clock::now();
  house_->draining.store(true, std::memory_order_relaxed);
  say(LogLevel::notice, "stopping: no new work, answers under way are finished");
  std::this_thread::sleep_for(kDoorsStayOpen);
  server_->close_doors();
  if (console_) console_->drain();
  while (server_->connections() > 0 && Clock::now() - begin < std::chrono::seconds(settings_.drain)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    server_->close_doors();  // those that have become idle since
  }
  if (const std::size_t left = server_->connections())
    say(LogLevel::warning, fmt::format("{} connections were cut off", left));
  control_.reset();
  console_.reset();
  server_->stop();
  house_->endings.stop();
  // No worker is left who could offer anything; what was offered is still written.
  admission_listener_.reset();
  house_->shared.reset();
  server_.reset();
  house_.reset();
  engine_.reset();
  say(LogLevel::notice, "stopped");
}

}  // namespace sallyport::daemon
