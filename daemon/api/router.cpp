#include "daemon/api/router.h"

#include <vector>

#include "codec/utf8.h"
#include "daemon/api/console_house.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kMostSegments = 8;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty() && out.size() <= kMostSegments) {
    path.remove_prefix(1);  // the slash
    out.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(out.back().size());
  }
  return out;
}

bool fits(std::string_view pattern, const std::vector<std::string_view>& segments,
          std::map<std::string, std::string, std::less<>>& values) {
  const std::vector<std::string_view> wanted = split(pattern);
  if (wanted.size() != segments.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != segments[i]) return false;
      continue;
    }
    std::optional<std::string> value = percent_decoded(segments[i], false);
    if (!value || value->empty()) return false;
    values[std::string(wanted[i].substr(1, wanted[i].size() - 2))] = std::move(*value);
  }
  return true;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view query) {
  std::map<std::string, std::string, std::less<>> out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!name || !value || out.size() > 32) return std::nullopt;
    out[std::move(*name)] = std::move(*value);
  }
  return out;
}

Match match(std::string_view method, std::string_view path) {
  Match out;
  const std::vector<std::string_view> segments = split(path);
  for (const Operation& operation : operations()) {
    std::map<std::string, std::string, std::less<>> values;
    if (!fits(operation.path, segments, values)) continue;
    out.known_path = true;
    out.allowed += (out.allowed.empty() ? "" : ", ") + std::string(operation.method);
    if (operation.method != method || out.operation) continue;
    out.operation = &operation;
    out.path = std::move(values);
  }
  return out;
}

Result<Store*, Problem> ApiDesk::store() {
  if (store_) return store_.get();
  if (house_.options.store_url.empty())
    return unexpected(problem(503, "unavailable", "there is no store", "give [store] a url in the settings file"));
  Result<std::unique_ptr<Store>> opened = open_store(house_.options.store_url, StoreAccess::write);
  if (!opened) return unexpected(problem_of(opened.error()));
  store_ = std::move(*opened);
  return store_.get();
}

}  // namespace sallyport::daemon
