// What one question about a topic costs a broker's thread, by the number of rules that the client has.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "auth/topic_rights.h"
#include "rules/topic_rules.h"

namespace sallyport {
namespace {

std::shared_ptr<const TopicRules> rules(std::int64_t count, bool wild) {
  TopicRules::Builder builder;
  for (std::int64_t i = 0; i < count; ++i) {
    builder.begin_rule({});
    const std::string site = "sites/" + std::to_string(i);
    (void)builder.add_filter(wild ? "+/" + std::to_string(i) + "/+/state/#" : site + "/+/state/#", false);
  }
  builder.close();
  return builder.build();
}

// The last rule is the one that fits, so that a walk along all of them would show.
void check(benchmark::State& state, TopicAction action, const std::string& tail, bool wild = false) {
  Decision decision;
  decision.token_rules = rules(state.range(0), wild);
  const TopicRights rights(decision, "client-1");
  const auto policy = std::make_shared<const TopicPolicy>();
  const std::string topic = "sites/" + std::to_string(state.range(0) - 1) + tail;
  TopicRequest request;
  request.action = action;
  request.topic = topic;
  request.qos = 1;
  request.retain = false;
  if (rights.check(request, policy) != TopicVerdict::allow) return state.SkipWithError("not allowed");
  for (auto _ : state) benchmark::DoNotOptimize(rights.check(request, policy));
}

void BM_Publish(benchmark::State& state) { check(state, TopicAction::publish, "/pump-7/state/temperature"); }
void BM_PublishAmongWildcards(benchmark::State& state) {
  check(state, TopicAction::publish, "/pump-7/state/temperature", true);
}
void BM_Receive(benchmark::State& state) { check(state, TopicAction::receive, "/pump-7/state/temperature"); }
void BM_Subscribe(benchmark::State& state) { check(state, TopicAction::subscribe, "/+/state/temperature"); }

BENCHMARK(BM_Publish)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK(BM_PublishAmongWildcards)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK(BM_Receive)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK(BM_Subscribe)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000);

}  // namespace
}  // namespace sallyport
