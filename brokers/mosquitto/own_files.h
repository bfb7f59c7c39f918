// OwnFiles: the thread on which the plugin opens and closes all that is its own. It has a table of file descriptors
// apart from the broker's, and every thread that is started on it shares that one.
//
// Why: a process whose table two threads share pays an atomic count at each read and write; a broker without a thread
// beside it does not, and that is six to nine hundredths of a small message (docs/performance.md). A broker that ran
// out of descriptors does not take ours either.
//
// What it asks of the plugin: the broker's thread never touches a descriptor of the engine, and the engine's threads
// never one of the broker's. What is opened here is closed here.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace sallyport::mosquitto {

class OwnFiles {
 public:
  // The one of this process, made with the first who asks and gone with the last. Where the machine gives no thread or
  // no table (Linux before 5.9, a sandbox), work is done all the same, over the broker's table.
  static std::shared_ptr<OwnFiles> get();
  ~OwnFiles();
  OwnFiles(const OwnFiles&) = delete;
  OwnFiles& operator=(const OwnFiles&) = delete;

  // Does it there and waits for it; what it throws is thrown here.
  void run(const std::function<void()>& work);

 private:
  OwnFiles();
  void serve();

  std::mutex mutex_;
  std::condition_variable asked_, done_;
  const std::function<void()>* work_ = nullptr;  // under mutex_, as are the next two
  std::exception_ptr fault_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sallyport::mosquitto
