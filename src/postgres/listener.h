// Listener: one thread and one connection that wait for notifications. They can be lost
// with a connection, so whoever hears that a new one is there looks at everything that
// he may have missed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "postgres/connection.h"

namespace sallyport::postgres {

// Rung with every change that takes a number of the sequence.
inline constexpr const char* kChangeChannel = "sallyport_change";
// "NODE KEY:MS KEY:MS …", keys in base64url: who was admitted, and when.
inline constexpr const char* kAdmissionChannel = "sallyport_admission";

class Listener {
 public:
  struct Hooks {
    std::function<void(std::string_view payload)> notice;
    std::function<void()> connected;  // anew: something may have been missed
  };
  Listener(std::string url, const char* channel, Hooks hooks);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  void run();
  bool stopped_within(int ms) const;

  std::string url_;
  const char* channel_;
  Hooks hooks_;
  int stop_ = -1;  // an eventfd
  std::thread thread_;
};

}  // namespace sallyport::postgres
