#include <fcntl.h>
#include <fmt/format.h>

#include <cstdio>

#include "base/uninterrupted.h"
#include "cli/command.h"
#include "cli/line_reader.h"
#include "cli/output.h"
#include "codec/json.h"
#include "jose/key_set.h"
#include "jose/verify.h"

namespace sallyport::cli {
namespace {

constexpr std::size_t kMaxLine = 4 * 1024 * 1024;
constexpr JsonLimits kLineLimits{
    .max_bytes = kMaxLine, .max_depth = 64, .max_nodes = 1024 * 1024, .allow_duplicate_names = true};

// Answers one line after the other; keys that come again are not parsed again.
class JwsBatch {
 public:
  void answer(char* line, std::size_t length, std::string& out) {
    ++number_;
    if (tape_.parse(line, length, kLineLimits) != JsonError::none || !tape_.root().is_object())
      return broken(out, {}, "the line is no JSON object");
    const JsonValue root = tape_.root();
    for (const char* name : {"id", "token", "keys"}) {
      int count = 0;
      for (auto c = root.begin(); c.valid(); c.advance()) count += c.name() == name;
      if (count > 1) return broken(out, {}, fmt::format("the line has two members \"{}\"", name));
    }
    const auto id = root.find("id"), token = root.find("token"), keys = root.find("keys");
    if (!token) return broken(out, id, "the line has no token");
    if (!keys) return broken(out, id, "the line has no keys");
    if (!keys->is_object() && !keys->is_string()) return broken(out, id, "keys is neither a JWK (set) nor its text");
    use_keys(*keys);
    begin(out, id);
    // A token that is no text is of another serialization; a field of CONNECT holds the compact one alone.
    const Reason reason = token->is_string() ? reason_of(*token->string()) : Reason::not_a_token;
    out += reason == Reason::token_ok ? ",\"valid\":true,\"reason\":\"" : ",\"valid\":false,\"reason\":\"";
    out += name(reason);
    out += '"';
    if (!detail_.empty() && reason != Reason::token_ok) {
      out += ",\"detail\":";
      append_json_string(out, detail_);
    }
    out += "}\n";
  }
  void too_long(std::string& out) {
    ++number_;
    broken(out, {}, fmt::format("the line is longer than {} bytes", kMaxLine));
  }
  bool all_read() const { return all_read_; }

 private:
  void begin(std::string& out, const std::optional<JsonValue>& id) {
    out += "{\"id\":";
    append_json_value(out, id ? *id : JsonValue());
  }
  void broken(std::string& out, const std::optional<JsonValue>& id, std::string_view cause) {
    all_read_ = false;
    begin(out, id);
    out += fmt::format(",\"valid\":false,\"line\":{},\"error\":", number_);
    append_json_string(out, cause);
    out += "}\n";
  }

  void use_keys(const JsonValue& keys) {
    std::string text;
    if (keys.is_string())
      text = *keys.string();
    else
      append_json_value(text, keys);
    if (number_ > 1 && text == keys_text_) return;
    keys_text_ = std::move(text);
    keys_.clear();
    candidates_.clear();
    detail_.clear();
    Result<KeySet> set = parse_jwks_with_secrets(keys_text_, {.label = "keys"});
    if (!set) {
      detail_ = set.error().cause;
      return;
    }
    keys_ = std::move(set->keys);
    for (const KeyPtr& k : keys_) candidates_.push_back(k.get());
    for (const SkippedKey& s : set->skipped)
      detail_ += fmt::format("{}key {}: {}", detail_.empty() ? "" : "; ", s.index, s.cause);
  }

  Reason reason_of(std::string_view token) {
    const auto jws = CompactJws::parse(token, buffers_);
    if (!jws) return jws.error();
    const auto key = Verifier::check_signature(*jws, candidates_, [](const VerificationKey&, bool) {});
    return key ? Reason::token_ok : key.error();
  }

  JsonTape tape_;
  TokenBuffers buffers_;
  std::string keys_text_, detail_;
  std::vector<KeyPtr> keys_;
  std::vector<const VerificationKey*> candidates_;
  std::size_t number_ = 0;
  bool all_read_ = true;
};

struct VerifyOptions {
  std::string batch, keys, token;
  bool json = false;
};

int run_batch(int fd) {
  LineReader reader(fd, kMaxLine);
  JwsBatch batch;
  std::string out;
  const auto flush = [&out] {
    if (!out.empty() && std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) throw ExitWith{kEnvironment};
    std::fflush(stdout);
    out.clear();
  };
  char* line = nullptr;
  std::size_t length = 0;
  for (;;) {
    switch (reader.next(line, length, flush)) {
      case LineReader::Got::line:
        batch.answer(line, length, out);
        break;
      case LineReader::Got::too_long:
        batch.too_long(out);
        break;
      case LineReader::Got::end:
        flush();
        return batch.all_read() ? kYes : kUsage;
      case LineReader::Got::failed:
        flush();
        fail({ErrorKind::kUnavailable, "the input cannot be read", "", ""}, false);
    }
    if (out.size() > 64 * 1024) flush();
  }
}

std::string read_input(const std::string& path, std::size_t cap) {
  if (path == "-") return read_stdin(cap, true);
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) fail({ErrorKind::kNotFound, "the file cannot be opened", "", path}, kUsage, false);
  std::string text(cap + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  if (text.size() > cap) fail(invalid(fmt::format("the file is longer than {} bytes", cap), "", path), kUsage, false);
  return text;
}

int verify_one(const VerifyOptions& o) {
  if (o.keys.empty())
    fail(invalid("no keys are given", "--keys FILE names a JWK, a JWK set or a PEM file"), kUsage, o.json);
  const std::string document = read_input(o.keys, 1024 * 1024);
  const bool pem = document.find("-----BEGIN ") != std::string::npos;
  const Result<KeySet> set = pem ? parse_key_document(document, KeyDocumentPolicy::trusted_file, {.label = o.keys})
                                 : parse_jwks_with_secrets(document, {.label = o.keys});
  if (!set) fail(set.error(), kUsage, o.json);
  const std::string token = o.token == "-" ? read_stdin(kMaxTokenBytes, true) : o.token;
  TokenBuffers buffers;
  std::vector<const VerificationKey*> candidates;
  for (const KeyPtr& k : set->keys) candidates.push_back(k.get());
  std::string by;
  Reason reason = Reason::token_ok;
  if (const auto jws = CompactJws::parse(token, buffers); !jws) {
    reason = jws.error();
  } else if (const auto key = Verifier::check_signature(*jws, candidates, [](const VerificationKey&, bool) {}); !key) {
    reason = key.error();
  } else {
    by = (*key)->label();
  }
  const bool valid = reason == Reason::token_ok;
  if (o.json) {
    std::string out = fmt::format("{{\"valid\":{},\"reason\":\"{}\"", valid, name(reason));
    if (valid) {
      out += ",\"key\":";
      append_json_string(out, by);
    }
    std::puts((out + "}").c_str());
  } else if (valid) {
    std::printf("the signature is good, by %s\nonly the signature was checked: no time, no issuer, no rule\n",
                printable(by).c_str());
  } else {
    const std::string text(entry(reason).text), mend(entry(reason).mend);
    std::printf("refused: %s\n  %s\n  hint: %s\n", std::string(name(reason)).c_str(), text.c_str(), mend.c_str());
    for (const SkippedKey& s : set->skipped)
      std::printf("  key %zu of the document was not used: %s\n", s.index, s.cause.c_str());
  }
  return valid ? kYes : kRefused;
}

}  // namespace

void add_jws_commands(CLI::App& app) {
  CLI::App* jws = app.add_subcommand("jws", "signatures of tokens, by themselves");
  jws->require_subcommand(1);
  CLI::App* verify =
      jws->add_subcommand("verify", "check a token's header and signature against given keys, and nothing else");
  auto o = std::make_shared<VerifyOptions>();
  verify
      ->add_option(
          "--batch", o->batch,
          "read one JSON object a line (id, token, keys) from FILE or - and answer one a line (id, valid, reason)")
      ->type_name("FILE");
  verify->add_option("--keys", o->keys, "a JWK, a JWK set or a PEM file with the keys to try")->type_name("FILE");
  verify->add_option("token", o->token, "the token, or - for standard input");
  verify->add_flag("--json", o->json, "answer as JSON");
  verify->footer(
      "Examples:\n  sallyport jws verify --keys jwks.json - < token.txt\n"
      "  echo '{\"id\":1,\"token\":\"eyJ…\",\"keys\":{\"kty\":\"OKP\",…}}' | sallyport jws verify --batch -\n"
      "Exit codes: 0 valid (batch: every line was answered), 1 refused, 2 usage (batch: a line was no request).");
  verify->callback([o] {
    if (o->batch.empty() == o->token.empty())
      fail(invalid("either a token or --batch is needed", "sallyport jws verify --help"), kUsage, o->json);
    if (o->batch.empty()) throw ExitWith{verify_one(*o)};
    if (o->batch == "-") throw ExitWith{run_batch(STDIN_FILENO)};
    const int fd = uninterrupted([&] { return ::open(o->batch.c_str(), O_RDONLY | O_CLOEXEC); });
    if (fd < 0) fail({ErrorKind::kNotFound, "the file cannot be opened", "", o->batch}, kUsage, o->json);
    throw ExitWith{run_batch(fd)};
  });
}

}  // namespace sallyport::cli
