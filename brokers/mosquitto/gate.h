// Gate: one plugin instance. Each function is one event of the broker; what they
// answer is the broker's code. Policy is the engine's: here is only what a Mosquitto
// does that a decision cannot know.
//
// All functions but basic_auth() and acl_check() are for the broker's thread; 2.1's
// HTTP api calls those two from another.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "brokers/mosquitto/broker_api.h"
#include "brokers/mosquitto/end_timer.h"
#include "brokers/mosquitto/engine_host.h"
#include "brokers/mosquitto/sessions.h"

namespace sallyport::mosquitto {

class Gate {
 public:
  // On the broker's thread: the one that made the gate is the one that may touch clients.
  Gate(std::shared_ptr<EngineHost> host, mosquitto_plugin_id_t* identifier);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Hangs the gate into the broker. False, after a line in the log: the broker would not ask us, so it must not start.
  bool register_callbacks();

  int basic_auth(const mosquitto_evt_basic_auth& event);
  int auth_start(const mosquitto_evt_extended_auth& event);     // CONNECT with a method, or AUTH of one who is in
  int auth_continue(const mosquitto_evt_extended_auth& event);  // AUTH that nothing asked for
  int control(const mosquitto_evt_control& event);              // $CONTROL/sallyport/v1/renew
  int acl_check(const mosquitto_evt_acl_check& event);
  void arrived(const ::mosquitto* client);  // CONNECT, 2.1
  void left(const ::mosquitto* client);     // DISCONNECT, CLIENT_OFFLINE
  void reload();                            // SIGHUP
  void tick();

  // Of this process, in the order of their making; on the broker's thread.
  static std::vector<Gate*>& gates();

  LogBridge& log() noexcept { return host_->log(); }
  const Sessions& sessions() const noexcept { return sessions_; }

 private:
  bool on_broker_thread() const noexcept { return std::this_thread::get_id() == broker_thread_; }
  int basic_auth_elsewhere(const mosquitto_evt_basic_auth& event);
  bool answers_from_state(std::string_view id, const mosquitto_evt_basic_auth& event, int& reply);
  int admit(::mosquitto* client, std::string_view id, const ConnectAttempt& attempt, const Decision& decision);
  int hand_on(std::string_view id, const mosquitto_evt_basic_auth& event, bool would_admit, const Decision& decision);
  bool is_ours(const Session& session) const noexcept;
  int topic_rights(Session& session, std::string_view id, const mosquitto_evt_acl_check& event, std::string_view topic);
  int past_rights(const Session& session, const mosquitto_evt_acl_check& event, std::string_view topic);
  Decision judge_renewal(const Session& session, std::string_view id, const ::mosquitto* client,
                         std::string_view token);
  void go_on(Session& session, std::string_view id, const ::mosquitto* client, const Decision& decision);
  void lose_subscriptions(Session& session, const std::string& id);
  void keep_subscription(Session& session, const mosquitto_evt_acl_check& event);
  bool is_lost(const Session& session, std::string_view topic) const;
  void answer_renewal(std::string_view id, Verdict verdict, const Session& session);
  void tell_of_ends(UnixSeconds now);
  bool tell(const std::string& id, std::string_view topic, const std::string& payload);
  std::optional<BarHit> bar_of(const Session& session, std::string_view id, const BarList& bars, UnixSeconds now) const;
  void watch_for_bars(std::string_view id, const ::mosquitto* client, const Session& session);
  void follow_bars();
  void note_bar(const Session& session, std::string_view id, const BarHit& hit);
  void follow_orders();
  void let_some_leave();
  void let_token_go(std::string_view id, const TokenMarks& marks);
  bool leave(std::string_view id, const ::mosquitto* client);
  static ClientNote note_of(const Session& session, std::string_view id, Reason reason);
  void note_end(const Session& session, std::string_view id, Reason reason);
  bool has_ended(const Session& session) const noexcept;
  bool is_out(Session& session, std::string_view id);
  void tell_of_no_tick();
  void set_end(Session& session, const Decision& decision) const;
  void watch_over(std::string_view id, const ::mosquitto* client, const Session& session);
  void end_sessions(UnixSeconds now);
  void follow_users();
  void follow_fast_engine();
  bool still_good(Session& session, const UserDirectory& users) const;
  void send_away(const std::string& id, const ::mosquitto* client, std::uint64_t ticket);
  bool count_stranger(std::string_view id, const ::mosquitto* client);  // whether it is blocked
  void follow_mode();
  void tell_no_match();
  void publish_counts() noexcept;

  std::shared_ptr<EngineHost> host_;
  mosquitto_plugin_id_t* identifier_;
  const std::thread::id broker_thread_;
  const BrokerGeneration generation_;

  Engine::Decider decider_;  // the broker's thread's
  std::mutex elsewhere_mutex_;
  Engine::Decider elsewhere_;  // any other thread's, under the mutex

  Sessions sessions_;
  std::array<std::size_t, kStandings> counted_{};
  bool acl_registered_ = false;
  bool mode_told_ = true;  // enforcing is the rule, and not worth a line at start
  bool told_of_strangers_ = false;
  std::optional<NoMatch> told_no_match_;

  EndTimer timer_, notices_;
  std::uint64_t next_ticket_ = 1;
  // Sessions of users of the store, and how far they were compared with the newest directory.
  std::vector<EndTimer::Entry> password_sessions_;
  std::shared_ptr<const UserDirectory> compared_with_;
  std::size_t compare_next_ = 0;
  // All sessions, and how far they were held against the newest list of revocations and blocks.
  std::vector<EndTimer::Entry> watched_;
  std::shared_ptr<const BarList> held_against_;
  std::size_t bars_next_ = 0, bars_left_ = 0;
  // Those that an operator sends away, so many a second.
  std::uint64_t order_done_ = 0;
  std::vector<EndTimer::Entry> leaving_;
  std::size_t leaving_a_second_ = 0;
  std::int64_t left_until_ms_ = 0;
  bool leaving_first_ = true;
  // After a fault of the fast engine: sessions that it may have let in, to be sent away.
  bool fast_engine_failed_ = false;
  std::vector<EndTimer::Entry> doubted_;
  bool ticked_ = false, told_of_no_tick_ = false;
  std::uint64_t followed_ = 0;  // the snapshot that the last tick followed
  std::int64_t made_ms_;

  // A SIGHUP makes the broker authenticate every client again, before its next tick.
  std::uint64_t reloads_ = 0;
  bool checking_again_ = false;
  std::int64_t check_ends_ms_ = 0;
};

}  // namespace sallyport::mosquitto
