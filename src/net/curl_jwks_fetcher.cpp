#include "net/curl_jwks_fetcher.h"

#include <algorithm>
#include <mutex>

#include "net/curl_transfer.h"

namespace sallyport {
namespace {

// Once a process, and never undone: the broker or another plugin may use libcurl too.
void init_library() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

class CurlJwksFetcher::Transfer : public CurlTransfer {
 public:
  using CurlTransfer::CurlTransfer;
};

CurlJwksFetcher::CurlJwksFetcher() {
  init_library();
  multi_ = curl_multi_init();
  if (multi_) alarm_ = std::make_unique<Alarm>([this] { curl_multi_wakeup(static_cast<CURLM*>(multi_)); });
}

CurlJwksFetcher::~CurlJwksFetcher() {
  alarm_.reset();
  for (auto& [id, transfer] : transfers_) curl_multi_remove_handle(static_cast<CURLM*>(multi_), transfer->handle());
  transfers_.clear();
  if (multi_) curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

void CurlJwksFetcher::wake() noexcept {
  if (alarm_) alarm_->set();
}

void CurlJwksFetcher::start(std::uint64_t id, FetchRequest request) {
  auto transfer = std::make_unique<Transfer>(std::move(request));
  const std::string url = transfer->url();
  std::optional<FetchResult> early = transfer->prepare(url);
  if (!early && (!multi_ || curl_multi_add_handle(static_cast<CURLM*>(multi_), transfer->handle()) != CURLM_OK))
    early = FetchResult{};
  if (early) {
    done_.push_back({id, std::move(*early)});
    return;
  }
  transfers_[id] = std::move(transfer);
}

void CurlJwksFetcher::cancel(std::uint64_t id) {
  std::erase_if(done_, [id](const Done& one) { return one.id == id; });
  const auto at = transfers_.find(id);
  if (at == transfers_.end()) return;
  curl_multi_remove_handle(static_cast<CURLM*>(multi_), at->second->handle());
  transfers_.erase(at);
}

void CurlJwksFetcher::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(static_cast<CURLM*>(multi_), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto at = std::find_if(transfers_.begin(), transfers_.end(),
                                 [handle](const auto& one) { return one.second->handle() == handle; });
    curl_multi_remove_handle(static_cast<CURLM*>(multi_), handle);
    if (at == transfers_.end()) continue;
    std::optional<FetchResult> result = at->second->finish(code);
    if (!result && curl_multi_add_handle(static_cast<CURLM*>(multi_), handle) != CURLM_OK) result = FetchResult{};
    if (!result) continue;
    done_.push_back({at->first, std::move(*result)});
    transfers_.erase(at);
  }
}

std::vector<Fetcher::Done> CurlJwksFetcher::wait(std::int64_t timeout_ms) {
  int running = 0;
  if (done_.empty()) {
    curl_multi_perform(static_cast<CURLM*>(multi_), &running);
    collect();
  }
  if (done_.empty()) {
    const std::int64_t longest = alarm_ && alarm_->works() ? 60'000 : 500;
    curl_multi_poll(static_cast<CURLM*>(multi_), nullptr, 0,
                    static_cast<int>(std::clamp<std::int64_t>(timeout_ms, 0, longest)), nullptr);
    curl_multi_perform(static_cast<CURLM*>(multi_), &running);
    collect();
  }
  return std::exchange(done_, {});
}

}  // namespace sallyport
