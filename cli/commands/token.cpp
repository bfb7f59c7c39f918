#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"
#include "cli/claim_plan.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/token_batch.h"
#include "cli/token_report.h"
#include "cli/token_signer.h"
#include "config/load.h"
#include "jose/compact_jws.h"

namespace sallyport::cli {
namespace {

struct IssueOptions {
  SignerOptions signer;
  ClaimSources claims;
  std::string ttl, not_before, batch, format = "csv";
  bool no_iat = false, json = false;
};

std::optional<std::int64_t> seconds(const std::string& text, const char* option) {
  if (text.empty()) return std::nullopt;
  auto parsed = parse_duration(text);
  if (!parsed) {
    parsed.error().place = option;
    fail(parsed.error(), kUsage, false);
  }
  return *parsed;
}

int issue(IssueOptions& o) {
  o.claims.ttl = seconds(o.ttl, "--ttl");
  o.claims.not_before = seconds(o.not_before, "--not-before");
  o.claims.iat = !o.no_iat;
  const auto signer = make_signer(o.signer);
  if (!signer) fail(signer.error(), kUsage, o.json);
  const UnixSeconds now = SystemClock().unix_seconds();
  if (!o.batch.empty())
    return issue_batch(o.batch, o.format == "csv" ? BatchFormat::csv : BatchFormat::jsonl, o.claims, *signer, now);
  const auto plan = ClaimPlan::make(o.claims, {});
  if (!plan) fail(plan.error(), kUsage, o.json);
  const auto payload = plan->payload({}, now);
  if (!payload) fail(payload.error(), kUsage, o.json);
  const auto token = signer->sign(*payload);
  if (!token) fail(token.error(), o.json);
  if (token->size() > kMaxTokenBytes)
    fail(invalid("the token is too long for an MQTT field", "put less into it"), o.json);
  if (o.json)
    std::printf("{\"token\":\"%s\",\"alg\":\"%s\"}\n", token->c_str(), std::string(name(signer->alg)).c_str());
  else
    std::puts(token->c_str());
  if (!o.claims.ttl && payload->find("\"exp\":") == std::string::npos)
    std::fprintf(stderr, "sallyport: the token never expires\n  hint: give it a life with --ttl 30d\n");
  return kYes;
}

void add_issue(CLI::App& token) {
  CLI::App* command = token.add_subcommand("issue", "make a signed token, or one for each row of a CSV file");
  auto o = std::make_shared<IssueOptions>();
  command->add_option(
      "--alg", o->signer.alg,
      "HS256, RS256, PS256, ES256 (also 384 and 512), EdDSA, Ed25519, Ed448; by default the key's usual one");
  command
      ->add_option("--key-file", o->signer.key_file,
                   "the private key: PEM, a JWK, or a file with a secret; - reads it from standard input")
      ->type_name("FILE");
  command->add_option("--config", o->signer.config, "sign with the secret of these settings")->type_name("FILE");
  command->add_option("--claim", o->claims.claims, "name=text, or name:=json; again for more")->type_name("NAME=VALUE");
  command->add_option("--claims-json", o->claims.claims_json, "claims as one JSON object")->type_name("JSON");
  command->add_option("--subject", o->claims.subject, "sub");
  command->add_option("--issuer", o->claims.issuer, "iss");
  command->add_option("--audience", o->claims.audience, "aud; again for more");
  command->add_option("--ttl", o->ttl, "how long the token lives: 90s, 2h, 30d")->type_name("TIME");
  command->add_option("--not-before", o->not_before, "how long from now it begins: 5m")->type_name("TIME");
  command->add_flag("--no-iat", o->no_iat, "leave iat out");
  command->add_flag("--jti", o->claims.jti, "give each token a random jti, so that it can be revoked by itself");
  command->add_option("--kid", o->signer.kid, "kid of the header; by default the JWK's own");
  command->add_option("--typ", o->signer.typ, "typ of the header; \"\" leaves it out")->capture_default_str();
  command
      ->add_option("--batch", o->batch,
                   "a CSV file with a header (or -): a token a row; ${column} in claims takes the row's field")
      ->type_name("FILE");
  command->add_option("--format", o->format, "of the batch: the row's columns and its token")
      ->check(CLI::IsMember({"csv", "jsonl"}))
      ->capture_default_str();
  command->add_flag("--json", o->json, "answer as JSON");
  command->footer(
      "Examples:\n  sallyport token issue --key-file device.pem --subject pump-7 --ttl 30d\n"
      "  sallyport token issue --config sallyport.toml --claim username=pump-7 --claim level:=3 --ttl 2h\n"
      "  sallyport token issue --key-file es256.pem --batch devices.csv --claim 'sub=${serial}' --ttl 365d > "
      "tokens.csv");
  command->callback([o] { throw ExitWith{issue(*o)}; });
}

void add_inspect(CLI::App& token) {
  CLI::App* command = token.add_subcommand("inspect", "show what a token says, without believing it");
  struct Options {
    std::string token;
    bool json = false;
  };
  auto o = std::make_shared<Options>();
  command
      ->add_option("token", o->token,
                   "the token, or - for standard input (better: arguments can be seen by other users)")
      ->required();
  command->add_flag("--json", o->json, "answer as JSON");
  command->footer(
      "Example:\n  sallyport token inspect - < token.txt\nExit codes: 0 it has the form of a token, 1 it has not.");
  command->callback([o] {
    const std::string text = o->token == "-" ? read_stdin(1024 * 1024, true) : o->token;
    const TokenReport report = report_on(text, SystemClock().unix_seconds());
    std::fputs((o->json ? report.json() : report.text()).c_str(), stdout);
    throw ExitWith{report.fault ? kRefused : kYes};
  });
}

}  // namespace

void add_token_commands(CLI::App& app) {
  CLI::App* token = app.add_subcommand("token", "make tokens and look into them");
  token->require_subcommand(1);
  add_issue(*token);
  add_inspect(*token);
}

}  // namespace sallyport::cli
