// A line on the control socket, asked of a whole engine: whatever it is, one line comes back, it can be read, and it
// holds no secret. And what a process at the other end may answer.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "control/handlers.h"
#include "control/message.h"
#include "control/session_verbs.h"
#include "engine/engine.h"
#include "promise.h"

namespace sallyport::control {
namespace {

constexpr std::string_view kCanary = "canary-4b1d5c2f9a-of-thirty-two-bytes-and-more";

struct House {
  std::string file;
  std::unique_ptr<Engine> engine;
  HandlerTable table;
  std::size_t ended = 0;

  House() {
    char name[] = "/dev/shm/sallyport-fuzz-XXXXXX";
    if (!::mkdtemp(name)) std::abort();
    file = std::string(name) + "/sallyport.toml";
    std::FILE* const out = std::fopen(file.c_str(), "wb");
    if (!out) std::abort();
    std::fprintf(out, "[jwt]\nsecret = \"%s\"\n", std::string(kCanary).c_str());
    std::fclose(out);
    ::chmod(file.c_str(), 0600);
    EngineOptions options;
    options.config_path = file;
    auto opened = Engine::open(std::move(options));
    promise(opened.has_value(), "the settings of this target load");
    engine = std::move(*opened);
    Engine::Decider decider(*engine);
    ConnectAttempt attempt;
    attempt.client_id = "meter-7";
    attempt.username = "ann";
    attempt.password = kCanary;
    (void)decider.decide(attempt);
    table = engine_handlers(*engine);
    add_session_verbs(table, [this](const SessionOrder& order) -> Result<std::size_t> {
      ended += order.end;
      return order.where.matches({"meter-7", "ann", "ann", "192.0.2.7", Authenticator::password, nullptr}) ? 1 : 0;
    });
    std::atexit([] {
      ::unlink(house().file.c_str());
      ::rmdir(house().file.substr(0, house().file.rfind('/')).c_str());
    });
  }
  static House& house() {
    static House* const one = new House;
    return *one;
  }
};

void look(std::string_view line) {
  House& house = House::house();
  const auto request = parse_request(line);
  Result<nlohmann::json> outcome = unexpected(invalid("no request"));
  if (!request) {
    outcome = unexpected(request.error());
  } else {
    promise((*request)["verb"].is_string(), "a request has a verb");
    const std::size_t before = house.ended;
    const auto handler = house.table.find((*request)["verb"].get<std::string>());
    outcome = handler == house.table.end() ? Result<nlohmann::json>(unexpected(invalid("unknown verb")))
                                           : handler->second(*request);
    // Nobody means everybody by saying nothing.
    const auto where = request->find("where");
    if (house.ended != before)
      promise(where != request->end() && where->is_array() && !where->empty(),
              "sessions are ended where one says which");
  }
  const std::string reply = reply_line(outcome);
  promise(!reply.empty() && reply.back() == '\n' && reply.find('\n') == reply.size() - 1, "an answer is one line");
  promise(reply.find(kCanary) == std::string::npos, "no answer holds a secret");
  const auto read = parse_reply(std::string_view(reply).substr(0, reply.size() - 1));
  promise(read.has_value() == outcome.has_value(), "an answer is read as it was meant");
  if (!read) promise(read.error().kind == outcome.error().kind, "and so is an error");
  // What the process at the other end may answer: read or refused.
  if (const auto theirs = parse_reply(line)) promise(!to_line(*theirs).empty(), "what is read can be written");
}

}  // namespace
}  // namespace sallyport::control

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::control::look({reinterpret_cast<const char*>(data), size});
  return 0;
}
