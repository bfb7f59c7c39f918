// The fast engine of this process: our own verification behind OpenSSL's judgement. It
// answers for keys in use (fast_key.h), and only while somebody confirms: a thread that asks
// OpenSSL again for what the fast engine accepted, every one while it keeps up, as many as it
// can when a storm outruns it. The first answers of each key are not believed at all: OpenSSL
// decides those. One difference, and the engine is off for the life of the process.
//
// A wrong accept would be a way in, a wrong refusal keeps somebody out: known answers are
// checked on the path in use before the first question is put to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "crypto/fast_confirmations.h"
#include "crypto/fast_key.h"
#include "crypto/fast_known_answers.h"
#include "crypto/fast_path.h"

namespace sallyport::fast {

struct EngineReport {
  bool active = false;
  std::string_view path;  // empty: none
  std::string fault;      // why it is off for good; empty: it is not
  std::size_t tables = 0, table_bytes = 0;
  std::uint64_t answers = 0, confirmed = 0, unconfirmed = 0, mismatches = 0;
};

class Engine {
 public:
  static constexpr std::size_t kMaxTableBytes = 32u << 20;  // of all keys
  static constexpr int kTablesAtOnce = 4;                   // a call of make_tables(): some milliseconds
  static constexpr std::uint32_t kIdleTicks = 25;           // a table in use more lately is not taken away for another

  static Engine& instance();  // of the process, which the settings of its last Engine rule
  explicit Engine(std::size_t max_table_bytes = kMaxTableBytes) : max_table_bytes_(max_table_bytes) {}

  // The setting. Off: OpenSSL alone, and no table is made.
  void enable(bool on);
  bool enabled() const;
  // For tests: another path than the fastest; tables that are there stay.
  void choose(Path path);

  // Off the decision path, when a key is loaded. Nothing where this kind is not served.
  std::shared_ptr<Key> adopt(KeyType type, const std::string& first, const std::string& second, void* evp_pkey);

  // The decision path. Nothing allocated, no lock. `judge` is OpenSSL on the caller's thread.
  template <class Judge>
  bool verify(const std::shared_ptr<Key>& key, SignatureScheme scheme, Hash hash, std::string_view input,
              std::string_view signature, Judge&& judge) noexcept {
    if (!active_.load(std::memory_order_acquire) || !key || !key->serves(scheme, hash) ||
        !Confirmations::fits(input, signature))
      return judge();
    if (key->count_use()) wanted_.store(true, std::memory_order_release);
    const Answer answer = key->ask(tick_.load(std::memory_order_relaxed), input, signature);
    if (answer == Answer::none) return judge();
    answers_.fetch_add(1, std::memory_order_relaxed);
    const bool accepted = answer == Answer::accept;
    if (key->on_probation()) {
      const bool judged = judge();
      if (judged != accepted && (judged || refusal_stands(*key, scheme, hash, input, signature)))
        condemn("its answer differs from OpenSSL's");
      return judged;
    }
    if (accepted) offer(key, scheme, hash, input, signature);
    return accepted;
  }

  // The watcher's thread, a few times a second: tables for keys that ask for one.
  void make_tables();

  // The confirming thread. run() checks the known answers and confirms until stop(); tells `mismatch` once of a fault.
  class Confirmer {
   public:
    explicit Confirmer(Engine& engine) : engine_(engine) {}
    template <class OnFault>
    void run(OnFault&& on_fault) {
      engine_.begin_confirming();
      bool told = false;
      while (!stop_.load(std::memory_order_acquire)) {
        engine_.confirm_waiting();
        if (!told && engine_.condemned()) {
          told = true;
          on_fault(engine_.report().fault);
        }
        engine_.wait_for_work(stop_);
      }
      engine_.end_confirming();
    }
    void stop() {
      stop_.store(true, std::memory_order_release);
      engine_.ring();
    }

   private:
    Engine& engine_;
    std::atomic<bool> stop_{false};
  };

  // For good.
  void condemn(std::string_view cause) noexcept;
  bool condemned() const noexcept { return condemned_.load(std::memory_order_acquire); }
  // An answer of it was not OpenSSL's: whoever it let in is in doubt.
  bool was_wrong() const noexcept { return mismatches_.load(std::memory_order_acquire) > 0; }
  // It is active, or was: what is remembered may be its word.
  bool ever_active() const noexcept { return ever_active_.load(std::memory_order_acquire); }
  bool active() const noexcept { return active_.load(std::memory_order_acquire); }
  EngineReport report() const;

  // Everything that waits, on this thread.
  void confirm_waiting() noexcept;
  void begin_confirming();
  void end_confirming() noexcept;

 private:
  void offer(const std::shared_ptr<Key>& key, SignatureScheme scheme, Hash hash, std::string_view input,
             std::string_view signature) noexcept;
  void wait_for_work(const std::atomic<bool>& stop) noexcept;
  void ring() noexcept;
  void settle();  // active_ from all that it depends on; with mutex_
  Path path() const;

  const std::size_t max_table_bytes_;
  mutable std::mutex mutex_;  // the registry, the setting, the fault
  std::unordered_map<std::string, std::weak_ptr<Key>> keys_;
  std::size_t sweep_at_ = 64;
  bool enabled_ = false, known_answers_right_ = false;
  int confirmers_ = 0;
  Path path_{};
  bool path_chosen_ = false;
  std::string fault_;

  std::mutex building_;
  std::unique_ptr<Confirmations> waiting_;  // made before active_ is ever true, and kept
  std::atomic<bool> active_{false}, ever_active_{false}, condemned_{false}, wanted_{false}, asleep_{false};
  std::atomic<bool> unsettled_{false};  // there was no memory to ask the known answers
  std::atomic<std::uint32_t> tick_{1}, bell_{0};
  std::atomic<std::uint64_t> answers_{0}, confirmed_{0}, unconfirmed_{0}, mismatches_{0};
  std::atomic<std::size_t> tables_{0}, table_bytes_{0};
};

}  // namespace sallyport::fast
