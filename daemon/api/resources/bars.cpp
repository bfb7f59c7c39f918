// Revocations and blocks.
#include <fmt/format.h>

#include <charconv>

#include "bars/bar.h"
#include "bars/bar_import.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"
#include "users/byte_stream.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kMostRows = 200'000, kShown = 200;

Json moment(UnixSeconds at) { return at == kForever ? Json() : Json(at); }

Json to_json(const BarRecord& bar) {
  Json out{{"id", std::to_string(bar.id)},      {"kind", name(bar.kind)}, {"value", bar.value},
           {"until", moment(bar.until)},        {"why", bar.why},         {"author", bar.author},
           {"created_at", Json(bar.created_at)}};
  if (class_of(bar.kind) == BarClass::revocation) {
    out["issuer"] = bar.issuer.empty() ? Json() : Json(bar.issuer);
    out["issued_before"] = moment(bar.issued_before);
  } else {
    out["pattern"] = is_pattern(bar.kind);
  }
  return out;
}

Result<std::int64_t, Problem> id_of(std::string_view text, const char* what) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id < 1)
    return unexpected(problem(404, "not_found", fmt::format("there is no such {}", what)));
  return id;
}

Outcome list(ApiDesk& desk, const Call& call, BarClass of, const std::vector<Column>& columns, const char* file) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  BarQuery query;
  query.of = of;
  query.search = call.in_query("search").value_or("");
  query.limit = page->limit + 1;
  if (!page->cursor.empty()) {
    const auto after = id_of(page->cursor, "cursor");
    if (!after) return unexpected(problem(400, "invalid", "the cursor is none of this list's", "", "cursor"));
    query.after = *after;
  }
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  const auto found = (*store)->list_bars(query);
  if (!found) return unexpected(problem_of(found.error()));
  Json items = Json::array();
  for (const BarRecord& bar : *found) items.push_back(to_json(bar));
  return list_reply(std::move(items), *page, columns, file, [](const Json& item) { return item["id"]; });
}

Outcome add(ApiDesk& desk, const Call& call, BarRecord bar) {
  bar.author = "console:" + call.caller.shown;
  if (Result<void> fine = check_bar(bar); !fine) return unexpected(problem_of(fine.error()));
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  const auto kept = (*store)->put_bar(bar);
  if (!kept) return unexpected(problem_of(kept.error()));
  Reply out = reply(to_json(kept->record), 201);
  out.subject = fmt::format("{} {}", name(bar.kind), bar.value.substr(0, 200));
  out.detail = bar.why;
  return out;
}

Outcome remove(ApiDesk& desk, const Call& call, BarClass of) {
  const auto id = id_of(call.in_path("id"), name(of).data());
  if (!id) return unexpected(id.error());
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  const auto gone = (*store)->remove_bar(of, *id);
  if (!gone) return unexpected(problem_of(gone.error()));
  Reply out = no_content();
  out.subject = fmt::format("{} {}", name(gone->kind), gone->value.substr(0, 200));
  return out;
}

}  // namespace

Outcome list_revocations(ApiDesk& desk, const Call& call) {
  return list(desk, call, BarClass::revocation,
              {{"kind", "kind"},
               {"value", "value"},
               {"issuer", "issuer"},
               {"issued_before", "issued_before"},
               {"until", "until"},
               {"why", "why"},
               {"author", "author"},
               {"created_at", "created_at"}},
              "revocations.csv");
}

Outcome add_revocation(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const auto jti = members.maybe_text("jti"), principal = members.maybe_text("principal"),
             kid = members.maybe_text("kid");
  BarRecord bar;
  bar.issuer = members.maybe_text("issuer").value_or("");
  bar.issued_before = members.integer("issued_before", 0, INT64_MAX - 1).value_or(kForever);
  bar.until = members.integer("until", 0, INT64_MAX - 1).value_or(kForever);
  bar.why = members.maybe_text("why").value_or("");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (int{jti.has_value()} + int{principal.has_value()} + int{kid.has_value()} != 1)
    return unexpected(
        problem(400, "invalid", "one of jti, principal and kid says what is revoked", "give one of them"));
  bar.kind = jti ? BarKind::jti : principal ? BarKind::principal : BarKind::key_id;
  bar.value = jti ? *jti : principal ? *principal : *kid;
  return add(desk, call, std::move(bar));
}

Outcome import_revocations(ApiDesk& desk, const Call& call) {
  std::size_t at = 0;
  ByteStream bytes([&](char* buffer, std::size_t n) {
    const std::size_t take = std::min(n, call.body.size() - at);
    call.body.copy(buffer, take, at);
    at += take;
    return take;
  });
  BarImport import(bytes);
  if (Result<void> begun = import.start(); !begun) return unexpected(problem_of(begun.error()));
  std::vector<BarRecord> good;
  std::size_t failed = 0;
  Json problems = Json::array();
  ImportedBar row;
  while (import.next(row)) {
    if (good.size() + failed >= kMostRows)
      return unexpected(
          problem(422, "invalid", "the file has more than 200000 rows", "sallyport revoke import takes more"));
    if (!row.fault) {
      row.bar.author = "console:" + call.caller.shown;
      good.push_back(row.bar);
      continue;
    }
    ++failed;
    if (problems.size() < kShown)
      problems.push_back({{"row", row.row}, {"cause", row.fault->cause}, {"hint", row.fault->hint}});
  }
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  if (!good.empty())
    if (Result<void> put = (*store)->put_bars(good); !put) return unexpected(problem_of(put.error()));
  Reply out = reply({{"good", good.size()}, {"failed", failed}, {"problems", std::move(problems)}});
  out.detail = fmt::format("{} rows, {} bad", good.size() + failed, failed);
  return out;
}

Outcome remove_revocation(ApiDesk& desk, const Call& call) { return remove(desk, call, BarClass::revocation); }

Outcome list_blocks(ApiDesk& desk, const Call& call) {
  return list(desk, call, BarClass::block,
              {{"kind", "kind"},
               {"value", "value"},
               {"pattern", "pattern"},
               {"until", "until"},
               {"why", "why"},
               {"author", "author"},
               {"created_at", "created_at"}},
              "blocks.csv");
}

Outcome add_block(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string kind = members.text("kind");
  BarRecord bar;
  bar.value = members.text("value", true, 1);
  const bool pattern = members.boolean("pattern").value_or(false);
  bar.until = members.integer("until", 0, INT64_MAX - 1).value_or(kForever);
  bar.why = members.maybe_text("why").value_or("");
  if (auto fault = members.fault()) return unexpected(*fault);
  const std::optional<BarKind> known = bar_kind_from_name(kind, pattern);
  if (!known || class_of(*known) != BarClass::block)
    return unexpected(problem(
        400, "invalid",
        pattern && kind == "address" ? "an address has no pattern" : "the kind is none of client_id, username, address",
        pattern ? "write a network: 192.0.2.0/24" : "", "kind"));
  bar.kind = *known;
  return add(desk, call, std::move(bar));
}

Outcome remove_block(ApiDesk& desk, const Call& call) { return remove(desk, call, BarClass::block); }

}  // namespace sallyport::daemon
