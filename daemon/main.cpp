#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "daemon/application.h"

namespace {

constexpr std::string_view kUsage =
    "sallyportd: the gate as an HTTP service, for brokers that ask one.\n"
    "\n"
    "usage: sallyportd --config FILE\n"
    "\n"
    "  --config FILE   settings; its section [http] says where to listen and who may ask\n"
    "  --version       the version\n"
    "  --help          this\n"
    "\n"
    "SIGHUP reads settings, callers and certificates again; SIGTERM finishes what is under way and stops.\n"
    "Exit codes: 0 stopped in order, 2 usage, 3 environment.\n";

int usage(const char* cause) {
  std::fprintf(stderr, "sallyportd: %s\n  hint: sallyportd --config /etc/sallyport/sallyport.toml\n", cause);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string config;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") {
      std::fwrite(kUsage.data(), 1, kUsage.size(), stdout);
      return 0;
    }
    if (word == "--version") {
      std::puts("sallyportd " SALLYPORT_VERSION);
      return 0;
    }
    if (word.starts_with("--config="))
      config = word.substr(9);
    else if (word == "--config" && i + 1 < argc)
      config = argv[++i];
    else
      return usage("an argument that is not known");
  }
  if (config.empty()) return usage("no settings were named");
  // Before any thread: they all inherit it, and the main thread alone waits for these.
  sigset_t set;
  sigemptyset(&set);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, one);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  char* const absolute = ::realpath(config.c_str(), nullptr);
  if (absolute) {
    config = absolute;
    std::free(absolute);
  }
  try {
    return sallyport::daemon::Application(config).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sallyportd: %s\n", error.what());
    return 3;
  }
}
