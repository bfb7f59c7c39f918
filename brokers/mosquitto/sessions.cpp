#include "brokers/mosquitto/sessions.h"

#include <algorithm>

#include "brokers/mosquitto/session_board.h"

namespace sallyport::mosquitto {

Session* Sessions::look_up(std::string_view id, Client client, Recent& recent) noexcept {
  const auto it = live_.find(id);
  if (it == live_.end()) return nullptr;
  for (Entry& entry : it->second) {
    if (entry.client != client) continue;
    recent = {client, changes_, it->first, &entry.session};
    return &entry.session;
  }
  return nullptr;
}

Session* Sessions::latest(std::string_view id) noexcept {
  const auto it = live_.find(id);
  return it == live_.end() ? nullptr : &it->second.back().session;
}

std::optional<Session> Sessions::take(std::string_view id, Client client) {
  const auto it = live_.find(id);
  if (it == live_.end()) return std::nullopt;
  auto& entries = it->second;
  const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.client == client; });
  if (at == entries.end()) return std::nullopt;
  Session session = std::move(at->session);
  ++changes_;
  entries.erase(at);
  if (entries.empty()) live_.erase(it);
  --counts_[static_cast<std::size_t>(session.standing)];
  if (board_) board_->taken(id, client);
  return session;
}

Session& Sessions::enter(std::string_view id, Client client, Session session) {
  drop(id, client);
  ++changes_;
  auto it = live_.find(id);
  if (it == live_.end()) it = live_.emplace(std::string(id), std::vector<Entry>{}).first;
  auto& entries = it->second;
  // An event that never came must not let one id grow for ever; the oldest is the one that is long gone.
  if (entries.size() >= kMaxOfOneId) {
    --counts_[static_cast<std::size_t>(entries.front().session.standing)];
    entries.erase(entries.begin());
  }
  ++counts_[static_cast<std::size_t>(session.standing)];
  entries.push_back({client, std::move(session)});
  return entries.back().session;
}

void Sessions::pointer_taken(std::string_view id, Client client) noexcept {
  const auto it = departed_.find(id);
  if (it != departed_.end() && it->second.client == client) it->second.client = nullptr;
}

void Sessions::drop(std::string_view id, Client client) { take(id, client); }

bool Sessions::leave(std::string_view id, Client client, std::uint64_t reloads) {
  std::optional<Session> session = take(id, client);
  if (!session) return false;
  session->checked_again = reloads;
  if (session->standing == Standing::admitted) depart(id, client, std::move(*session));
  return true;
}

void Sessions::depart(std::string_view id, Client client, Session session) {
  const std::uint64_t ticket = next_ticket_++;
  departed_.insert_or_assign(std::string(id), Departed{client, std::move(session), ticket});
  departures_.emplace_back(id, ticket);
  // A client that comes and goes leaves stale tickets: twice as many as there is room for is when they are swept too.
  while (departed_.size() > kMaxDeparted || departures_.size() > 2 * kMaxDeparted) {
    const auto& [oldest, its_ticket] = departures_.front();
    const auto it = departed_.find(oldest);
    if (it != departed_.end() && it->second.ticket == its_ticket) departed_.erase(it);
    departures_.pop_front();
  }
}

const Session* Sessions::departed(std::string_view id, Client client) const noexcept {
  const auto it = departed_.find(id);
  if (it == departed_.end() || (client && it->second.client != client)) return nullptr;
  return &it->second.session;
}

bool Sessions::check_departed_again(std::string_view id, Client client, std::uint64_t reload) noexcept {
  const auto it = departed_.find(id);
  if (it == departed_.end() || !client || it->second.client != client || it->second.session.checked_again == reload)
    return false;
  it->second.session.checked_again = reload;
  return true;
}

}  // namespace sallyport::mosquitto
