#include "brokers/mosquitto/session_board.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "bars/bar_list.h"
#include "engine/decision_log.h"

namespace sallyport::mosquitto {
namespace {

using nlohmann::json;
constexpr std::size_t kPiece = 128;
constexpr std::int64_t kMostListed = 1000, kMostBuckets = 4096;

std::string_view word(Standing standing) {
  switch (standing) {
    case Standing::admitted:
      return "admitted";
    case Standing::handed_on:
      return "handed_on";
    case Standing::not_ours:
      return "not_ours";
  }
  return "";
}

Result<std::int64_t> number(const json& request, const char* name, std::int64_t fallback, std::int64_t least,
                            std::int64_t most) {
  const auto it = request.find(name);
  if (it == request.end()) return fallback;
  if (!it->is_number_integer() || it->get<std::int64_t>() < least || it->get<std::int64_t>() > most)
    return unexpected(invalid(std::string(name) + " is no whole number, or out of range"));
  return it->get<std::int64_t>();
}

Result<std::string> text(const json& request, const char* name) {
  const auto it = request.find(name);
  if (it == request.end()) return std::string();
  if (!it->is_string()) return unexpected(invalid(std::string(name) + " must be a text"));
  return it->get<std::string>();
}

}  // namespace

void SessionBoard::entered(std::string_view id, Client client, const Session& s) noexcept {
  try {
    // Where the gate handed it on, the name is CONNECT's own say, and may be a token.
    Entry entry{
        client,  s.standing,   s.authenticator, s.principal_verified, s.principal, shown_name(s.username), s.address,
        s.since, s.expires_at, s.ends_at,       s.marks.key};
    const std::lock_guard lock(mutex_);
    entries_.insert_or_assign(std::string(id), std::move(entry));
  } catch (const std::exception&) {
    // No room to tell of it: it is connected all the same.
  }
}

void SessionBoard::taken(std::string_view id, Client client) noexcept {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(id);
  if (it != entries_.end() && it->second.client == client) entries_.erase(it);
}

template <class Visit>
void SessionBoard::walk(std::string after, Visit&& visit) const {
  std::vector<std::pair<std::string, Entry>> piece;
  do {
    piece.clear();
    {
      const std::lock_guard lock(mutex_);
      for (auto it = entries_.upper_bound(after); it != entries_.end() && piece.size() < kPiece; ++it)
        piece.emplace_back(it->first, it->second);
    }
    for (const auto& [id, entry] : piece)
      if (!visit(id, entry)) return;
    if (!piece.empty()) after = piece.back().first;
  } while (piece.size() == kPiece);
}

json SessionBoard::to_json(const std::string& id, const Entry& e) {
  const auto moment = [](const std::optional<UnixSeconds>& at) { return at ? json(*at) : json(); };
  return {{"client_id", id},
          {"username", e.username},
          {"address", e.address},
          {"principal", e.principal},
          {"principal_verified", e.principal_verified},
          {"authenticator", name(e.authenticator)},
          {"since", e.since},
          {"expires_at", moment(e.expires_at)},
          {"ends_at", moment(e.ends_at)},
          {"standing", word(e.standing)}};
}

Result<json> SessionBoard::list(const json& request) const {
  const Result<std::int64_t> limit = number(request, "limit", 100, 1, kMostListed);
  const Result<std::string> after = text(request, "after"), search = text(request, "search"),
                            only = text(request, "client_id");
  if (!limit) return unexpected(limit.error());
  for (const Result<std::string>* one : {&after, &search, &only})
    if (!*one) return unexpected(one->error());
  json sessions = json::array();
  if (!only->empty()) {
    const std::lock_guard lock(mutex_);
    if (const auto it = entries_.find(*only); it != entries_.end()) sessions.push_back(to_json(it->first, it->second));
    return json{{"sessions", std::move(sessions)}};
  }
  const auto holds = [&](const std::string& have) { return have.find(*search) != std::string::npos; };
  walk(*after, [&](const std::string& id, const Entry& e) {
    if (search->empty() || holds(id) || holds(e.username) || holds(e.address)) sessions.push_back(to_json(id, e));
    return static_cast<std::int64_t>(sessions.size()) < *limit;
  });
  return json{{"sessions", std::move(sessions)}};
}

Result<json> SessionBoard::ends(const json& request) const {
  const Result<std::int64_t> from = number(request, "from", 0, 0, INT64_MAX / 2),
                             width = number(request, "width", 300, 1, 86'400),
                             buckets = number(request, "buckets", 288, 1, kMostBuckets);
  for (const Result<std::int64_t>* one : {&from, &width, &buckets})
    if (!*one) return unexpected(one->error());
  std::vector<std::int64_t> counts(static_cast<std::size_t>(*buckets));
  std::int64_t without = 0, later = 0, all = 0;
  walk({}, [&](const std::string&, const Entry& e) {
    ++all;
    if (!e.ends_at)
      ++without;
    else if (*e.ends_at >= *from + *width * *buckets)
      ++later;
    else
      ++counts[static_cast<std::size_t>(std::max<std::int64_t>(0, *e.ends_at - *from) / *width)];
    return true;
  });
  return json{{"counts", counts}, {"without_end", without}, {"later", later}, {"sessions", all}};
}

Result<json> SessionBoard::by_key(const json& request) const {
  const auto labels = request.find("labels");
  if (labels == request.end() || !labels->is_array() || labels->size() > static_cast<std::size_t>(kMostBuckets))
    return unexpected(invalid("labels must be a list of at most 4096 texts"));
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::int64_t> counts;
  std::vector<Mark> marks;
  for (const json& label : *labels) {
    if (!label.is_string()) return unexpected(invalid("labels must be a list of texts"));
    marks.push_back(key_mark(label.get_ref<const std::string&>()));
    counts[{marks.back().high, marks.back().low}] = 0;
  }
  walk({}, [&](const std::string&, const Entry& e) {
    if (const auto it = counts.find({e.key.high, e.key.low}); it != counts.end() && e.key) ++it->second;
    return true;
  });
  json out = json::array();
  for (const Mark& mark : marks) out.push_back(counts[{mark.high, mark.low}]);
  return json{{"counts", std::move(out)}};
}

}  // namespace sallyport::mosquitto
