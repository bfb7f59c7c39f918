#include "daemon/callers.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "auth/connect_attempt.h"
#include "config/file_bytes.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kShortest = 16;  // fewer characters could be tried out over the network
constexpr std::size_t kMaxSecretFile = 64 * 1024;

std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

// What follows "Scheme " in Authorization; nothing for another scheme, no header, or two of them.
std::optional<std::string_view> credentials(const http::Request& request, std::string_view scheme) {
  const std::optional<std::string_view> value = request.header("authorization");
  if (!value || value->size() <= scheme.size() || (*value)[scheme.size()] != ' ') return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i)
    if (((*value)[i] | 0x20) != scheme[i]) return std::nullopt;
  return value->substr(scheme.size() + 1);
}

// The lines of a file of secrets.
class SecretFile {
 public:
  SecretFile(std::vector<Error>& faults, std::vector<std::string>& warnings) : faults_(faults), warnings_(warnings) {}
  std::vector<Secret> lines(const std::string& path) {
    std::vector<Secret> out;
    auto file = read_file_bytes(path, kMaxSecretFile);
    if (!file) {
      faults_.push_back(file.error());
      return out;
    }
    if (file->others_read)
      warnings_.push_back(path + ": every user of this machine can read it; hint: chmod o-r " + path);
    std::string_view rest = file->bytes;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      if (line.size() < kShortest) {
        faults_.push_back(invalid(fmt::format("a secret has fewer than {} characters", kShortest),
                                  "make one with: openssl rand -hex 24", path));
        continue;
      }
      out.emplace_back(line);
    }
    wipe(file->bytes);
    if (out.empty() && faults_.empty())
      faults_.push_back(invalid("the file holds no secret", "make one with: openssl rand -hex 24", path));
    return out;
  }
  std::optional<Secret> one(const std::string& path) {
    std::vector<Secret> all = lines(path);
    if (all.size() > 1) faults_.push_back(invalid("the file holds more than one line", "keep one secret in it", path));
    if (all.size() != 1) return std::nullopt;
    return std::move(all.front());
  }

 private:
  std::vector<Error>& faults_;
  std::vector<std::string>& warnings_;
};

bool fits_path(std::string_view secret) {
  return std::all_of(secret.begin(), secret.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '~';
  });
}

}  // namespace

bool PeerFacts::is_loopback() const { return is_unix || address == "127.0.0.1" || is_loopback_address(address); }

Result<std::shared_ptr<const Callers>, std::vector<Error>> Callers::load(const HttpSettings& settings) {
  auto out = std::make_shared<Callers>();
  std::vector<Error> faults;
  SecretFile read(faults, out->warnings_);
  out->open_ = settings.open();

  // Whoever owns the process could read its memory: he need prove no more. Root likewise.
  for (const uid_t uid : {::geteuid(), uid_t{0}}) {
    Caller owner;
    owner.name = "owner";
    owner.unix_uid = uid;
    owner.may_explain = true;
    out->callers_.push_back(std::move(owner));
  }
  if (!settings.bearer_file.empty()) {
    Caller bearer;
    bearer.name = "bearer";
    bearer.bearers = read.lines(settings.bearer_file);
    if (!bearer.bearers.empty()) out->callers_.push_back(std::move(bearer));
  }
  bool certificate_named = false;
  for (const HttpCallerSetting& from : settings.callers) {
    Caller to;
    to.name = from.name;
    to.may_explain = from.explain;
    to.certificate_header = from.certificate_header;
    if (!from.contracts.empty()) to.contracts = 0;
    for (const std::string& one : from.contracts)
      if (const auto contract = contract_from_name(one)) to.contracts |= 1u << static_cast<unsigned>(*contract);
    if (!from.bearer_file.empty()) to.bearers = read.lines(from.bearer_file);
    if (!from.basic_password_file.empty())
      if (const std::optional<Secret> password = read.one(from.basic_password_file)) {
        std::string plain = from.basic_user + ":";
        plain += password->view();
        std::string encoded = base64(plain);
        to.basic.emplace(encoded);
        wipe(plain);
        wipe(encoded);
      }
    if (!from.path_secret_file.empty()) {
      to.path_secret = read.one(from.path_secret_file);
      if (to.path_secret && !fits_path(to.path_secret->view()))
        faults.push_back(invalid("a secret of a path has characters other than letters, digits, - _ . ~",
                                 "make one with: openssl rand -hex 24", from.path_secret_file));
    }
    if (!from.certificate.empty()) {
      to.certificate = from.certificate;
      certificate_named = true;
    }
    if (!from.unix_user.empty()) {
      const passwd* user = ::getpwnam(from.unix_user.c_str());
      if (user)
        to.unix_uid = user->pw_uid;
      else
        faults.push_back(
            invalid(fmt::format("there is no user \"{}\"", from.unix_user), "correct unix_user", "http.callers"));
    }
    for (const std::string& one : from.addresses)
      if (const auto range = IpRange::parse(one)) to.addresses.push_back(*range);
    out->callers_.push_back(std::move(to));
  }
  if (!settings.client_ca.empty() && !certificate_named) {
    Caller any;
    any.name = "certificate";
    any.any_certificate = true;
    out->callers_.push_back(std::move(any));
  }
  if (!faults.empty()) return unexpected(std::move(faults));
  return std::shared_ptr<const Callers>(std::move(out));
}

bool Callers::proves(const Caller& c, const http::Request& request, std::string_view path_secret, const PeerFacts& peer,
                     bool header_is_theirs) const {
  bool good = true;
  if (!c.bearers.empty()) {
    const auto shown = header_is_theirs ? credentials(request, "bearer") : std::nullopt;
    bool any = false;
    for (const Secret& bearer : c.bearers) any |= shown && equal_constant_time(*shown, bearer.view());
    good &= any;
  }
  if (c.basic) {
    const auto shown = header_is_theirs ? credentials(request, "basic") : std::nullopt;
    good &= shown && equal_constant_time(*shown, c.basic->view());
  }
  if (c.path_secret) good &= equal_constant_time(path_secret, c.path_secret->view());
  if (c.certificate) good &= peer.has_certificate && peer.certificate == *c.certificate;
  if (c.any_certificate) good &= peer.has_certificate;
  if (c.unix_uid) good &= peer.is_unix && peer.uid == *c.unix_uid;
  if (!c.addresses.empty()) {
    const auto address = parse_ip_address(peer.address);
    good &= address && std::any_of(c.addresses.begin(), c.addresses.end(),
                                   [&](const IpRange& range) { return range.contains(*address); });
  }
  return good;
}

std::optional<Grant> Callers::identify(const http::Request& request, std::string_view path_secret,
                                       const PeerFacts& peer, Contract contract) const {
  // In the proxies' contract Authorization is the client's own, and proves nothing about the proxy.
  const bool header_is_theirs = contract != Contract::proxy;
  const Caller* found = nullptr;
  for (const Caller& c : callers_) {  // all of them: which one fits is not to be told by time
    const bool bound = c.contracts >> static_cast<unsigned>(contract) & 1;
    if (proves(c, request, path_secret, peer, header_is_theirs) && bound && !found) found = &c;
  }
  if (found) return Grant{found->name, found->may_explain, found->certificate_header, false};
  if (!open_ || !peer.is_loopback()) return std::nullopt;
  // A browser on this machine carries any web page's requests to loopback; it says where they are from.
  if (contract != Contract::proxy && (request.count("origin") || request.count("sec-fetch-site"))) return std::nullopt;
  return Grant{"loopback", true, {}, true};
}

}  // namespace sallyport::daemon
