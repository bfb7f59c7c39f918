#include "daemon/contract.h"

#include <fmt/format.h>

#include <array>

#include "codec/json.h"
#include "config/schema_http.h"

namespace sallyport::daemon {
namespace {

struct Words {
  std::string_view content_type;
  // By verdict: allow, deny, ignore, unavailable.
  std::array<Phrase, 4> connect, topic;
};

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kVernemqNo = R"({"result":{"error":"not_allowed"}})";

constexpr std::array<Words, kContractCount> kWords = {{
    // RabbitMQ knows yes and no; any other answer is a refusal, or a crash of the asking process. No newline: "allow\n"
    // are tags.
    {"text/plain",
     {{{200, "allow"}, {200, "deny"}, {200, "deny"}, {200, "deny"}}},
     {{{200, "allow"}, {200, "deny"}, {200, "deny"}, {200, "deny"}}}},
    // EMQX 5, 6: any status but 200 and 204 hands the question on, which may end in "allow".
    {kJson,
     {{{200, R"({"result":"allow"})"},
       {200, R"({"result":"deny"})"},
       {200, R"({"result":"ignore"})"},
       {200, R"({"result":"deny"})"}}},
     {{{200, R"({"result":"allow"})"},
       {200, R"({"result":"deny"})"},
       {200, R"({"result":"ignore"})"},
       {200, R"({"result":"deny"})"}}}},
    // EMQX 4.4: the status becomes CONNACK's code; 503 is "server unavailable", so that the client comes again.
    {"text/plain",
     {{{200, "allow"}, {401, "deny"}, {200, "ignore"}, {503, "unavailable"}}},
     {{{200, "allow"}, {403, "deny"}, {200, "ignore"}, {403, "deny"}}}},
    {kJson,
     {{{200, R"({"result":"ok"})"}, {200, kVernemqNo}, {200, R"({"result":"next"})"}, {200, kVernemqNo}}},
     {{{200, R"({"result":"ok"})"}, {200, kVernemqNo}, {200, R"({"result":"next"})"}, {200, kVernemqNo}}}},
    // NanoMQ reads the status alone.
    {"text/plain",
     {{{200, "allow"}, {403, "deny"}, {403, "deny"}, {403, "deny"}}},
     {{{200, "allow"}, {403, "deny"}, {403, "deny"}, {403, "deny"}}}},
    // TBMQ: an empty body, or one without a result, lets in; another status than 2xx asks the next provider.
    {kJson,
     {{{200, R"({"result":"success"})"},
       {200, R"({"result":"failure"})"},
       {200, R"({"result":"skipped"})"},
       {200, R"({"result":"failure"})"}}},
     {{{200, R"({"result":"success"})"},
       {200, R"({"result":"failure"})"},
       {200, R"({"result":"failure"})"},
       {200, R"({"result":"failure"})"}}}},
    // Azure Event Grid: a refusal is a 400 with a decision.
    {kJson,
     {{{200, R"({"decision":"allow"})"},
       {400, R"({"decision":"deny","errorReason":"refused"})"},
       {400, R"({"decision":"deny","errorReason":"refused"})"},
       {400, R"({"decision":"deny","errorReason":"cannot decide now"})"}}},
     {{{200, R"({"decision":"allow"})"},
       {400, R"({"decision":"deny","errorReason":"refused"})"},
       {400, R"({"decision":"deny","errorReason":"refused"})"},
       {400, R"({"decision":"deny","errorReason":"refused"})"}}}},
    // Azure IoT Operations: the reason is CONNACK's: not authorized, server unavailable.
    {kJson,
     {{{200, R"({"attributes":{}})"},
       {403, R"({"reason":135,"message":"refused"})"},
       {403, R"({"reason":135,"message":"refused"})"},
       {403, R"({"reason":136,"message":"cannot decide now"})"}}},
     {{{200, R"({"attributes":{}})"},
       {403, R"({"reason":135,"message":"refused"})"},
       {403, R"({"reason":135,"message":"refused"})"},
       {403, R"({"reason":135,"message":"refused"})"}}}},
    // nginx: anything but 2xx, 401 and 403 is a 500 for the client.
    {"text/plain",
     {{{200, "allow"}, {401, "deny"}, {401, "deny"}, {403, "unavailable"}}},
     {{{200, "allow"}, {403, "deny"}, {403, "deny"}, {403, "deny"}}}},
    // Our own: the verdict is in the body, in full.
    {kJson,
     {{{200, R"({"verdict":"allow"})"},
       {200, R"({"verdict":"deny"})"},
       {200, R"({"verdict":"ignore"})"},
       {200, R"({"verdict":"unavailable"})"}}},
     {{{200, R"({"allowed":true})"},
       {200, R"({"allowed":false})"},
       {200, R"({"allowed":false})"},
       {200, R"({"allowed":false})"}}}},
    {"text/plain; version=0.0.4",
     {{{200, ""}, {403, ""}, {403, ""}, {403, ""}}},
     {{{200, ""}, {403, ""}, {403, ""}, {403, ""}}}},
}};

const Words& words(Contract c) noexcept { return kWords[static_cast<std::size_t>(c)]; }

}  // namespace

std::string_view name(Contract contract) noexcept { return kHttpContractNames[static_cast<std::size_t>(contract)]; }

std::optional<Contract> contract_from_name(std::string_view wanted) noexcept {
  for (std::size_t i = 0; i < kContractCount; ++i)
    if (kHttpContractNames[i] == wanted) return static_cast<Contract>(i);
  return std::nullopt;
}

Phrase phrase(Contract contract, Question question, Verdict verdict) noexcept {
  const auto& row = question == Question::connect ? words(contract).connect : words(contract).topic;
  return row[static_cast<std::size_t>(verdict)];
}

std::string_view content_type(Contract contract) noexcept { return words(contract).content_type; }

void say(Contract contract, Question question, Verdict verdict, http::Response& out) {
  const Phrase p = phrase(contract, question, verdict);
  out.status = p.status;
  out.content_type = content_type(contract);
  out.body = p.body;
}

void refuse(Contract contract, int status, std::string_view cause, http::Response& out) {
  switch (contract) {
    case Contract::emqx:
    case Contract::tbmq:
    case Contract::eventgrid:
      return say(contract, Question::topic, Verdict::deny, out);
    case Contract::proxy:
      out.status = status == 401 ? 401 : 403;
      out.content_type = content_type(contract);
      out.body = "deny";
      return;
    case Contract::rabbitmq:
    case Contract::emqx4:
    case Contract::nanomq:
    case Contract::metrics:
      out.status = status;
      out.content_type = "text/plain";
      out.body = cause;
      return;
    case Contract::vernemq:
    case Contract::iotops:
    case Contract::v1:
      out.status = status;
      out.content_type = kJson;
      out.body = R"({"error":)";
      append_json_string(out.body, cause);
      out.body += '}';
      return;
  }
}

std::string verdict_table_markdown() {
  std::string out = "| contract | question | allow | deny | ignore | unavailable |\n|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i + 1 < kContractCount; ++i)
    for (const Question q : {Question::connect, Question::topic}) {
      out += fmt::format("| {} | {} |", kHttpContractNames[i], q == Question::connect ? "connect" : "topic");
      for (std::size_t v = 0; v < 4; ++v) {
        const Phrase p = phrase(static_cast<Contract>(i), q, static_cast<Verdict>(v));
        out += fmt::format(" {} `{}` |", p.status, p.body);
      }
      out += '\n';
    }
  return out;
}

}  // namespace sallyport::daemon
