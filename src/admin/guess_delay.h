// GuessDelay: each wrong password makes the next try wait longer, for the name as the
// address tries it, and for the address alone. Nobody can be locked out by a stranger
// elsewhere: what he spoils is his own address's. Bounded; any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sallyport {

class GuessDelay {
 public:
  // Seconds until this one may try; 0: now.
  std::int64_t wait(std::string_view name, std::string_view address, std::int64_t now_ms);
  void failed(std::string_view name, std::string_view address, std::int64_t now_ms);
  void succeeded(std::string_view name, std::string_view address);

 private:
  struct Record {
    unsigned failures = 0;
    std::int64_t last_ms = 0;
  };
  static std::string key_of(std::string_view name, std::string_view address);
  static std::int64_t until_ms(const Record& record, unsigned free);
  void note(const std::string& key, std::int64_t now_ms);

  std::mutex mutex_;
  std::unordered_map<std::string, Record> records_;
};

}  // namespace sallyport
