#include "admin/key_history.h"

#include <nlohmann/json.hpp>

#include "control/message.h"

namespace sallyport {
using control::text_member;
using nlohmann::json;

void KeyHistory::look(const std::string& process, const json& report, UnixSeconds now) {
  const auto sources = report.find("sources");
  if (sources == report.end() || !sources->is_array()) return;
  for (const json& source : *sources) {
    std::map<std::string, std::string> there;
    if (const auto keys = source.find("keys"); keys != source.end() && keys->is_array())
      for (const json& key : *keys) {
        const std::string kid = text_member(key, "kid"), print = text_member(key, "thumbprint");
        there.emplace(kid + "\n" + print, kid.empty() ? print : kid);
      }
    const auto [known, first] = known_.try_emplace(process + "\n" + text_member(source, "name"));
    KeyChange change{now, process, text_member(source, "name"), {}, {}};
    const auto note = [](std::vector<std::string>& names, const std::string& name) {
      if (names.size() < kMostNames) names.push_back(name);
    };
    for (const auto& [identity, name] : there)
      if (!known->second.contains(identity)) note(change.added, name);
    for (const auto& [identity, name] : known->second)
      if (!there.contains(identity)) note(change.removed, name);
    known->second = std::move(there);
    if (first || (change.added.empty() && change.removed.empty())) continue;
    changes_.push_back(std::move(change));
    if (changes_.size() > kMost) changes_.pop_front();
  }
}

}  // namespace sallyport
