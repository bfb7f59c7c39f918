// CurlJwksFetcher: documents over https, with every bound that a fetch of keys needs:
// TLS verified, 1.2 or newer; the environment's proxies ignored; connect and total time
// limits; a cap on what is received after decompression; redirects within the origin
// only; addresses checked when a socket is opened. One thread drives any number of
// fetches; wake() comes from anywhere, and touches no descriptor there.
#pragma once

#include <map>
#include <memory>

#include "keys/fetcher.h"
#include "net/alarm.h"

namespace sallyport {

class CurlJwksFetcher final : public Fetcher {
 public:
  CurlJwksFetcher();
  ~CurlJwksFetcher() override;
  CurlJwksFetcher(const CurlJwksFetcher&) = delete;
  CurlJwksFetcher& operator=(const CurlJwksFetcher&) = delete;

  void start(std::uint64_t id, FetchRequest request) override;
  void cancel(std::uint64_t id) override;
  std::vector<Done> wait(std::int64_t timeout_ms) override;
  void wake() noexcept override;

 private:
  class Transfer;
  void collect();
  void* multi_;  // CURLM
  std::map<std::uint64_t, std::unique_ptr<Transfer>> transfers_;
  std::vector<Done> done_;
  std::unique_ptr<Alarm> alarm_;  // gone before what it wakes
};

}  // namespace sallyport
