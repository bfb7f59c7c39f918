#include "engine/decision_ring.h"

#include <algorithm>
#include <mutex>

#include "jose/verification_key.h"

namespace sallyport {
namespace {
constexpr std::size_t kMaxShown = 128;  // bytes of a name that are kept
std::string_view cut(std::string_view text) { return text.substr(0, kMaxShown); }
}  // namespace

struct DecisionRing::Slot {
  std::mutex mutex;
  KeptDecision kept;
};

DecisionRing::DecisionRing(std::size_t slots) : slots_(std::make_unique<Slot[]>(slots)), count_(slots) {}
DecisionRing::~DecisionRing() = default;

void DecisionRing::keep(const ConnectAttempt& attempt, const Decision& d, const Trace& trace, UnixSeconds now,
                        std::string_view shown_username, std::string_view token_fingerprint,
                        std::string_view claims) noexcept {
  const std::uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t quarter = count_ / 4;
  Slot& slot = d.verdict == Verdict::allow
                   ? slots_[admitted_.fetch_add(1, std::memory_order_relaxed) % quarter]
                   : slots_[quarter + others_.fetch_add(1, std::memory_order_relaxed) % (count_ - quarter)];
  std::unique_lock lock(slot.mutex, std::try_to_lock);
  if (!lock) return;
  try {
    // assign() re-uses what the slot already holds, so that a warm ring seldom allocates.
    KeptDecision& k = slot.kept;
    k.number = number;
    k.at = now;
    k.client_id.assign(cut(attempt.client_id.value_or(std::string_view{})));
    k.username.assign(cut(shown_username));
    k.address.assign(cut(attempt.peer.address));
    k.verdict = d.verdict;
    k.reason = d.reason;
    k.authenticator = d.authenticator;
    // Somebody unverified may have put a token where a name belongs; the shown name is already safe.
    k.principal.assign(d.principal_verified ? cut(d.principal) : std::string_view{});
    k.key.assign(d.key ? std::string_view(d.key->label()) : std::string_view{});
    k.token_fingerprint.assign(token_fingerprint);
    k.expires_at = d.expires_at;
    k.claims.assign(claims);
    k.steps.resize(trace.size());
    std::size_t i = 0;
    for (const Step& s : trace) {
      KeptStep& kept = k.steps[i++];
      kept.kind = s.kind;
      kept.who = s.who;
      kept.passed = s.passed;
      kept.reason = s.reason;
      kept.subject.assign(cut(s.subject));
      kept.number = s.number;
    }
  } catch (const std::bad_alloc&) {
    slot.kept.number = 0;
  }
}

namespace {
template <class Wanted>
std::vector<KeptDecision> collect(auto* slots, std::size_t count, std::size_t limit, Wanted&& wanted) {
  std::vector<KeptDecision> out;
  for (std::size_t i = 0; i < count; ++i) {
    std::lock_guard lock(slots[i].mutex);
    if (slots[i].kept.number != 0 && wanted(slots[i].kept)) out.push_back(slots[i].kept);
  }
  std::sort(out.begin(), out.end(), [](const KeptDecision& a, const KeptDecision& b) { return a.number > b.number; });
  if (out.size() > limit) out.resize(limit);
  return out;
}
}  // namespace

std::vector<KeptDecision> DecisionRing::last(std::size_t limit, bool refusals_only) const {
  return collect(slots_.get(), count_, limit,
                 [&](const KeptDecision& k) { return !refusals_only || k.verdict != Verdict::allow; });
}
std::vector<KeptDecision> DecisionRing::after(std::uint64_t number) const {
  std::vector<KeptDecision> out =
      collect(slots_.get(), count_, count_, [&](const KeptDecision& k) { return k.number > number; });
  std::reverse(out.begin(), out.end());
  return out;
}
std::vector<KeptDecision> DecisionRing::by_client_id(std::string_view client_id, std::size_t limit) const {
  return collect(slots_.get(), count_, limit, [&](const KeptDecision& k) { return k.client_id == cut(client_id); });
}

}  // namespace sallyport
