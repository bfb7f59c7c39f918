#include "keys/remote_source.h"

#include <algorithm>

#include "keys/discovery.h"
#include "keys/document_check.h"
#include "keys/freshness.h"
#include "keys/source_url.h"

namespace sallyport {
namespace {

constexpr std::int64_t kRediscoverMs = 3'600'000;

std::string identity(const VerificationKey& key) {
  return key.thumbprint() + " " + std::to_string(key.algorithms()) + (key.kid() ? " " + *key.kid() : "");
}

std::string count(std::size_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

}  // namespace

std::string shown_url(std::string_view url) {
  const std::size_t query = url.find('?');
  std::string out(url.substr(0, query));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }, '?');
  return query == std::string_view::npos ? out : out + "?...";
}

std::string_view name(SourceState s) {
  switch (s) {
    case SourceState::ready:
      return "ready";
    case SourceState::stale:
      return "stale";
    case SourceState::unavailable:
      return "unavailable";
  }
  return "";
}

RemoteSource::RemoteSource(KeySourceSettings settings) : settings_(std::move(settings)) {
  state_.due_ms = std::numeric_limits<std::int64_t>::max();
}

void RemoteSource::adopt(KeySourceSettings settings) {
  settings_ = std::move(settings);
  // A longer period or back-off than the new one must not outlive it.
  if (state_.attempted_ms)
    state_.due_ms = std::min(state_.due_ms,
                             *state_.attempted_ms + std::max(settings_.bounds.period_ms, settings_.bounds.cooldown_ms));
}

std::string RemoteSource::title() const {
  std::string out = "jwks";
  if (!settings_.name.empty()) out += " of issuer " + settings_.name;
  return out + " (" + (settings_.url.empty() ? settings_.discovery_issuer : shown_url(settings_.url)) + ")";
}

FetchRequest RemoteSource::request_for(std::string url, std::string etag) const {
  FetchRequest request{std::move(url), std::move(etag), settings_.options, true};
  // Headers may hold credentials: they are for the host that the settings name, not for one that a document leads to.
  const auto ours = parse_source_url(settings_.url.empty() ? settings_.discovery_issuer : settings_.url),
             theirs = parse_source_url(request.url);
  request.send_headers = ours && theirs && same_origin(*ours, *theirs);
  return request;
}

bool RemoteSource::warm_up(const StoredDocument& document, const Moment& now) {
  // A clock that went back since makes no document older than it is.
  const std::int64_t age_ms = std::max<std::int64_t>(0, now.unix_seconds - document.confirmed_at) * 1000;
  if (age_ms >= settings_.bounds.max_stale_ms) return false;
  DocumentCheck check = check_key_document(document.body, label());
  if (check.outcome != FetchOutcome::ok) return false;
  take(std::move(check.set), now.unix_seconds);
  added_ = removed_ = 0;
  document_ = document.body;
  etag_ = document.etag;
  document_url_ = settings_.url;
  confirmed_at_ = document.confirmed_at;
  state_.confirmed_ms = now.monotonic_ms - age_ms;
  from_disk_ = true;
  return true;
}

FetchRequest RemoteSource::first_request() {
  if (settings_.url.empty()) {
    const bool known =
        !jwks_uri_.empty() && state_.failures == 0 && *state_.attempted_ms - discovered_ms_ < kRediscoverMs;
    if (!known) {
      const std::vector<std::string> addresses = discovery_addresses(settings_.discovery_issuer);
      to_discover_.assign(addresses.begin(), addresses.end());
      discovering_ = true;
      std::string first = to_discover_.empty() ? std::string() : to_discover_.front();
      if (!to_discover_.empty()) to_discover_.pop_front();
      return request_for(std::move(first), {});
    }
  }
  const std::string& url = settings_.url.empty() ? jwks_uri_ : settings_.url;
  return request_for(url, document_url_ == url ? etag_ : std::string());
}

std::optional<FetchRequest> RemoteSource::trigger(RefreshTrigger trigger, const Moment& now) {
  RefreshStep step = next(state_, trigger, now.monotonic_ms, settings_.bounds);
  state_ = step.state;
  if (!step.fetch) return std::nullopt;
  return first_request();
}

RemoteSource::After RemoteSource::finish_discovery(const FetchResult& result, const Moment& now, std::uint32_t dice) {
  Discovered found{result.outcome, {}, result.detail};
  if (result.outcome == FetchOutcome::ok) found = read_discovery(result.body, settings_.discovery_issuer);
  if (found.outcome == FetchOutcome::ok) {
    discovering_ = false;
    jwks_uri_ = std::move(found.jwks_uri);
    discovered_ms_ = now.monotonic_ms;
    return {request_for(jwks_uri_, document_url_ == jwks_uri_ ? etag_ : std::string()), {}, {}};
  }
  // Providers have it at one of the places; only the absence at one makes the next worth asking.
  const bool elsewhere = found.outcome == FetchOutcome::not_found || found.outcome == FetchOutcome::not_json ||
                         found.outcome == FetchOutcome::no_discovery;
  if (elsewhere && !to_discover_.empty()) {
    std::string address = std::move(to_discover_.front());
    to_discover_.pop_front();
    return {request_for(std::move(address), {}), {}, {}};
  }
  discovering_ = false;
  jwks_uri_.clear();
  const FetchOutcome outcome = elsewhere ? FetchOutcome::no_discovery : found.outcome;
  return end(outcome, std::move(found.detail), result, now, dice);
}

RemoteSource::After RemoteSource::finish(const FetchResult& result, const Moment& now, std::uint32_t dice) {
  if (discovering_) return finish_discovery(result, now, dice);
  if (result.outcome == FetchOutcome::not_modified && document_.empty())
    return end(FetchOutcome::unexpected_status, "304 for a question that was not conditional", result, now, dice);
  if (result.outcome != FetchOutcome::ok) return end(result.outcome, result.detail, result, now, dice);

  const std::string url = settings_.url.empty() ? jwks_uri_ : settings_.url;
  last_added_ = last_removed_ = 0;
  if (result.body != document_ || from_disk_) {
    DocumentCheck check = check_key_document(result.body, label());
    if (check.outcome != FetchOutcome::ok) return end(check.outcome, std::move(check.detail), result, now, dice);
    take(std::move(check.set), now.unix_seconds);
  }
  document_ = result.body;
  etag_ = result.headers.etag;
  document_url_ = url;
  return end(FetchOutcome::ok, {}, result, now, dice);
}

void RemoteSource::take(KeySet set, UnixSeconds now) {
  std::map<std::string, UnixSeconds> since;
  last_added_ = last_removed_ = 0;
  for (const KeyPtr& key : set.keys) {
    const std::string id = identity(*key);
    const auto known = since_.find(id);
    if (since.emplace(id, known == since_.end() ? now : known->second).second && known == since_.end()) ++last_added_;
  }
  for (const auto& [id, at] : since_) last_removed_ += since.count(id) == 0;
  added_ += last_added_;
  removed_ += last_removed_;
  skipped_ = std::move(set.skipped);
  since_ = std::move(since);
  // The same keys in the same order stay the same objects: what was remembered under them stays remembered.
  const bool same = keys_->size() == set.keys.size() &&
                    std::equal(keys_->begin(), keys_->end(), set.keys.begin(), [](const KeyPtr& a, const KeyPtr& b) {
                      return identity(*a) == identity(*b) && a->label() == b->label();
                    });
  if (!same) keys_ = std::make_shared<const std::vector<KeyPtr>>(std::move(set.keys));
}

RemoteSource::Line RemoteSource::line_of_failure(FetchOutcome outcome, const std::string& detail) const {
  const OutcomeEntry& what = entry(outcome);
  std::string text = title() + ": not refreshed: " + std::string(what.name) + ": " + std::string(what.text);
  if (!detail.empty()) text += " (" + detail + ")";
  text += keys_->empty() ? "; there are no keys, attempts that need them are unavailable"
                         : "; the keys that are here stay in force";
  if (!what.mend.empty()) text += "; hint: " + std::string(what.mend);
  return {LogLevel::warning, std::move(text)};
}

RemoteSource::After RemoteSource::end(FetchOutcome outcome, std::string detail, const FetchResult& result,
                                      const Moment& now, std::uint32_t dice) {
  After after;
  RefreshAnswer answer;
  answer.good = good(outcome);
  if (const auto s = fresh_for(result.headers); s && answer.good) answer.fresh_for_ms = *s * 1000;
  if (const auto s = retry_after(result.headers, now.unix_seconds); s && !answer.good)
    answer.retry_after_ms = *s * 1000;
  state_ = next(state_, answer, now.monotonic_ms, settings_.bounds, dice);
  ++attempts_;
  ++outcomes_[static_cast<std::size_t>(outcome)];
  const std::optional<FetchOutcome> before = last_outcome_;
  last_outcome_ = outcome;
  last_detail_ = detail;
  if (!answer.good) {
    if (!failing_since_) failing_since_ = now.unix_seconds;
    // The same cause is not said again at each try, which may go on all night.
    Line line = line_of_failure(outcome, detail);
    if (before == outcome) line.level = LogLevel::debug;
    after.lines.push_back(std::move(line));
    return after;
  }
  const bool first = !confirmed_at_ || from_disk_;
  if (outcome == FetchOutcome::not_modified && !result.headers.etag.empty()) etag_ = result.headers.etag;
  if (outcome == FetchOutcome::not_modified) last_added_ = last_removed_ = 0;
  confirmed_at_ = now.unix_seconds;
  from_disk_ = false;
  const bool changed = last_added_ + last_removed_ > 0;
  std::string text = title() + ": " + count(keys_->size(), "key") + " in force";
  if (changed) text += ", " + std::to_string(last_added_) + " added, " + std::to_string(last_removed_) + " removed";
  if (failing_since_) text += ", after " + std::to_string(now.unix_seconds - *failing_since_) + " s of failures";
  after.lines.push_back({changed || failing_since_ || first ? LogLevel::notice : LogLevel::debug, std::move(text)});
  if (changed)
    for (const SkippedKey& s : skipped_)
      if (&s - skipped_.data() < 8)
        after.lines.push_back({LogLevel::warning, title() + ": key " + std::to_string(s.index + 1) +
                                                      (s.kid.empty() ? "" : " (kid " + s.kid + ")") +
                                                      " is skipped: " + s.cause});
  failing_since_.reset();
  after.to_store = StoredDocument{settings_.address(), document_, etag_, now.unix_seconds};
  return after;
}

std::optional<RemoteSource::Line> RemoteSource::expire(const Moment& now) {
  if (!expired(state_, now.monotonic_ms, settings_.bounds)) return std::nullopt;
  state_.confirmed_ms.reset();
  keys_ = std::make_shared<const std::vector<KeyPtr>>();
  since_.clear();
  document_.clear();
  etag_.clear();
  document_url_.clear();
  from_disk_ = false;
  return Line{LogLevel::error, title() +
                                   ": nobody has confirmed the keys for jwks_max_stale, so they are dropped; attempts "
                                   "that need them are unavailable; hint: sallyport keys doctor"};
}

RemoteKeys RemoteSource::keys() const {
  RemoteKeys out{keys_, {}};
  out.pending.remote = true;
  out.pending.none_yet = keys_->empty();
  out.pending.known_until_ms = known_until(state_, settings_.bounds);
  return out;
}

SourceReport RemoteSource::report(const Moment& now) const {
  SourceReport r;
  r.name = settings_.name;
  r.address = settings_.url.empty()
                  ? settings_.discovery_issuer + (jwks_uri_.empty() ? "" : " -> " + shown_url(jwks_uri_))
                  : shown_url(settings_.url);
  r.state = keys_->empty()                           ? SourceState::unavailable
            : last_outcome_ && !good(*last_outcome_) ? SourceState::stale
                                                     : SourceState::ready;
  for (const KeyPtr& key : *keys_) {
    const auto at = since_.find(identity(*key));
    r.keys.push_back({key, at == since_.end() ? 0 : at->second});
  }
  r.skipped = skipped_;
  r.from_disk = from_disk_;
  r.in_flight = state_.in_flight;
  r.confirmed_at = confirmed_at_;
  r.failing_since = failing_since_;
  r.last_outcome = last_outcome_;
  r.last_detail = last_detail_;
  const auto until = [&](std::int64_t at) {
    return at <= now.monotonic_ms ? 0 : at == std::numeric_limits<std::int64_t>::max() ? -1 : at - now.monotonic_ms;
  };
  r.next_due_in_ms = state_.in_flight ? 0 : until(state_.due_ms);
  r.allowed_in_ms = until(allowed_from(state_, settings_.bounds));
  r.attempts = attempts_;
  r.keys_added = added_;
  r.keys_removed = removed_;
  r.outcomes = outcomes_;
  r.vault_fault = vault_fault_;
  return r;
}

}  // namespace sallyport
