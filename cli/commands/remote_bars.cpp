// sallyport revoke … --server, sallyport block … --server
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands/remote.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "engine/words.h"

namespace sallyport::cli {
namespace {

using nlohmann::json;

const char* path_of(BarClass of) { return of == BarClass::revocation ? "/revocations" : "/blocks"; }
const char* title(BarClass of) { return of == BarClass::revocation ? "revocation" : "block"; }

std::string moment(const json& bar, const char* name) {
  const json& at = member(bar, name);
  return at.is_number_integer() ? words::moment(at.get<std::int64_t>()) : std::string();
}

std::string shown(const json& bar) {
  std::string out =
      fmt::format("{}{} {}", text(bar, "kind"), yes(bar, "pattern") ? " pattern" : "", text(bar, "value"));
  if (!text(bar, "issuer").empty()) out += " of issuer " + text(bar, "issuer");
  if (const std::string before = moment(bar, "issued_before"); !before.empty()) out += ", issued before " + before;
  const std::string until = moment(bar, "until");
  return out + ", until " + (until.empty() ? "it is removed" : until);
}

std::vector<json> find(ServerClient& server, BarClass of, const BarOptions& options) {
  std::vector<json> out;
  const bool by_id = !options.ids.empty();
  BarRecord wanted;
  if (!by_id) wanted = named_bar(of, options);
  Query query;
  if (!by_id) query.emplace_back("search", wanted.value);
  for (json& bar : server.list(path_of(of), query, SIZE_MAX).items) {
    bool fits = false;
    if (by_id)
      for (const std::int64_t id : options.ids) fits = fits || text(bar, "id") == std::to_string(id);
    else
      fits = text(bar, "kind") == name(wanted.kind) && member(bar, "value") == wanted.value &&
             yes(bar, "pattern") == is_pattern(wanted.kind) && text(bar, "issuer") == printable(wanted.issuer);
    if (fits) out.push_back(std::move(bar));
  }
  return out;
}

}  // namespace

void remote_add_bar(BarClass of, const BarOptions& options) {
  const BarRecord bar = named_bar(of, options);
  json body{{"why", options.why}};
  if (of == BarClass::revocation) {
    for (const auto& [field, value] :
         {std::pair("jti", &options.jti), std::pair("principal", &options.principal), std::pair("kid", &options.kid)})
      if (!value->empty()) body[field] = *value;
    if (!options.issuer.empty()) body["issuer"] = options.issuer;
  } else {
    body.update({{"kind", name(bar.kind)}, {"value", bar.value}, {"pattern", is_pattern(bar.kind)}});
  }
  if (const UnixSeconds at = moment_of(options.until, "--until", options.json); at != kForever) body["until"] = at;
  if (const UnixSeconds at = moment_of(options.issued_before, "--issued-before", options.json); at != kForever)
    body["issued_before"] = at;
  ServerClient server(options.server, options.json);
  json made = server.send("POST", path_of(of), body).body;
  if (!options.json) return fmt::print("{} {}: {}\n", title(of), text(made, "id"), shown(made));
  made["result"] = "added";
  print_reply(made);
}

void remote_list_bars(BarClass of, const BarOptions& options) {
  ServerClient server(options.server, options.json);
  Query query;
  if (!options.search.empty()) query.emplace_back("search", options.search);
  const ServerClient::Listed found =
      server.list(path_of(of), query, options.limit, options.after ? std::to_string(options.after) : "");
  json slowed;
  if (of == BarClass::block) slowed = server.get("/slowed").body.value("items", json::array());
  if (options.json) {
    json out{{of == BarClass::revocation ? "revocations" : "blocks", found.items}, {"next", found.next}};
    if (of == BarClass::block) out["slowed"] = slowed;
    return print_reply(out);
  }
  std::vector<std::vector<std::string>> rows{{"ID", "KIND", "VALUE", "UNTIL", "SINCE", "BY", "WHY"}};
  for (const json& bar : found.items)
    rows.push_back({text(bar, "id"), text(bar, "kind") + (yes(bar, "pattern") ? " pattern" : ""), text(bar, "value"),
                    moment(bar, "until").empty() ? "removed" : moment(bar, "until"), moment(bar, "created_at"),
                    text(bar, "author"), text(bar, "why")});
  if (found.items.empty())
    std::fprintf(stderr, "no %ss\n", title(of));
  else
    std::fputs(table(rows).c_str(), stdout);
  if (found.next.is_string())
    std::fprintf(stderr, "there are more\n  hint: --after %s\n", text(found.last, "next").c_str());
  if (!slowed.is_array() || slowed.empty()) return;
  rows = {{"SLOWED", "VALUE", "TURNED AWAY", "BY"}};
  for (const json& one : slowed)
    rows.push_back(
        {text(one, "kind"), text(one, "value"), std::to_string(number(one, "turned_away")), text(one, "process")});
  fmt::print("\n{}", table(rows));
}

void remote_remove_bars(BarClass of, const BarOptions& options) {
  ServerClient server(options.server, options.json);
  bool let_go = false;
  const bool is_name = !options.username.empty();
  if (of == BarClass::block && options.ids.empty() && !options.pattern && (is_name || !options.address.empty()))
    let_go = yes(
        server
            .send("POST", "/slowed/let-go",
                  {{"kind", is_name ? "username" : "address"}, {"value", is_name ? options.username : options.address}})
            .body,
        "let_go");
  const std::vector<json> found = find(server, of, options);
  if (found.empty() && !let_go)
    fail({ErrorKind::kNotFound, fmt::format("there is no such {}", title(of)),
          fmt::format("see them with: sallyport {} list", of == BarClass::revocation ? "revoke" : "block"), ""},
         options.json);
  if (let_go && !options.json) fmt::print("what guessing has slowed is let go\n");
  for (const json& bar : found) {
    server.send("DELETE", fmt::format("{}/{}", path_of(of), encoded(text(bar, "id"))), nullptr);
    if (!options.json) fmt::print("{} {} is removed: {}\n", title(of), text(bar, "id"), shown(bar));
  }
  if (!options.json) return;
  json out{{"removed", found}};
  if (of == BarClass::block) out["let_go"] = let_go;
  print_reply(out);
}

std::int64_t remote_import_bars(const BarOptions& options, std::string csv) {
  ServerClient server(options.server, options.json);
  return number(server.upload("/revocations/import", {}, std::move(csv), "text/csv").body, "good");
}

}  // namespace sallyport::cli
