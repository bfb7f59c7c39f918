// RemoteSource: the life of the keys of one source, without thread, clock and network:
// triggers and fetched documents go in; requests, keys and words come out.
#pragma once

#include <deque>
#include <map>

#include "base/modes.h"
#include "keys/document_vault.h"
#include "keys/key_source.h"
#include "keys/refresh_bell.h"

namespace sallyport {

class RemoteSource {
 public:
  explicit RemoteSource(KeySourceSettings settings);

  const KeySourceSettings& settings() const noexcept { return settings_; }
  // Other bounds or options for the same address; the keys stay.
  void adopt(KeySourceSettings settings);

  // The stored document of an earlier run. False: too old, or nothing usable in it.
  bool warm_up(const StoredDocument& document, const Moment& now);
  // What to fetch now, if the policy says so.
  std::optional<FetchRequest> trigger(RefreshTrigger trigger, const Moment& now);

  struct Line {
    LogLevel level;
    std::string text;
  };
  struct After {
    std::optional<FetchRequest> more;  // the attempt goes on
    std::optional<StoredDocument> to_store;
    std::vector<Line> lines;
  };
  After finish(const FetchResult& result, const Moment& now, std::uint32_t dice);
  // Drops keys that nobody confirmed for max_stale; says so.
  std::optional<Line> expire(const Moment& now);
  std::int64_t wake_at() const noexcept { return sallyport::wake_at(state_, settings_.bounds); }
  bool in_flight() const noexcept { return state_.in_flight; }

  RemoteKeys keys() const;
  SourceReport report(const Moment& now) const;
  void set_vault_fault(std::string fault) { vault_fault_ = std::move(fault); }

 private:
  FetchRequest request_for(std::string url, std::string etag) const;
  FetchRequest first_request();
  After finish_discovery(const FetchResult& result, const Moment& now, std::uint32_t dice);
  After end(FetchOutcome outcome, std::string detail, const FetchResult& result, const Moment& now, std::uint32_t dice);
  void take(KeySet set, UnixSeconds now);
  std::string title() const;
  std::string label() const { return settings_.name.empty() ? "jwks" : settings_.name + " jwks"; }
  Line line_of_failure(FetchOutcome outcome, const std::string& detail) const;

  KeySourceSettings settings_;
  RefreshState state_;
  std::shared_ptr<const std::vector<KeyPtr>> keys_ = std::make_shared<const std::vector<KeyPtr>>();
  std::map<std::string, UnixSeconds> since_;  // by thumbprint and kid
  std::vector<SkippedKey> skipped_;
  std::string document_, etag_, document_url_;
  bool from_disk_ = false;

  std::deque<std::string> to_discover_;  // while discovery is under way: addresses not yet asked
  bool discovering_ = false;
  std::string jwks_uri_;  // discovered
  std::int64_t discovered_ms_ = 0;

  std::optional<UnixSeconds> confirmed_at_, failing_since_;
  std::optional<FetchOutcome> last_outcome_;
  std::string last_detail_, vault_fault_;
  std::uint64_t attempts_ = 0, added_ = 0, removed_ = 0;
  std::size_t last_added_ = 0, last_removed_ = 0;
  std::array<std::uint64_t, kOutcomeCount> outcomes_{};
};

}  // namespace sallyport
