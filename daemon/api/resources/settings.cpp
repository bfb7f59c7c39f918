// Settings, drafts, revisions.
#include <fmt/format.h>

#include <charconv>

#include "admin/setting_values.h"
#include "admin/settings_draft.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"
#include "jose/key_set.h"

namespace sallyport::daemon {
namespace {

std::string etag_of(std::int64_t revision) { return fmt::format("\"r{}\"", revision); }

Json to_json(const std::vector<FieldProblem>& problems) {
  Json list = Json::array();
  for (const FieldProblem& one : problems) {
    Json entry{{"cause", one.cause}};
    if (!one.field.empty()) entry["field"] = one.field;
    if (!one.hint.empty()) entry["hint"] = one.hint;
    list.push_back(std::move(entry));
  }
  return list;
}

Json to_json(const std::vector<Difference>& all) {
  const auto text = [](const std::optional<std::string>& value) { return value ? Json(*value) : Json(); };
  Json list = Json::array();
  for (const Difference& one : all)
    list.push_back({{"name", one.name}, {"before", text(one.before)}, {"after", text(one.after)}});
  return list;
}

// A default or an example, from the schema's text.
Json json_of_text(std::string_view toml, bool secret) {
  if (toml.empty()) return nullptr;
  const auto root = parse_toml("x = " + std::string(toml), "schema");
  return root ? sallyport::to_json(root->members.at(0).value, secret) : Json();
}

struct Loaded {
  std::optional<SettingsRevision> current;
  SettingsState state;
};
Result<Loaded, Problem> load(ApiDesk& desk, bool without_store_is_fine) {
  Loaded out;
  Result<Store*, Problem> store = desk.store();
  if (!store && !(without_store_is_fine && desk.house().options.store_url.empty())) return unexpected(store.error());
  if (store) {
    Result<std::optional<SettingsRevision>> current = (*store)->current_settings();
    if (!current) return unexpected(problem_of(current.error()));
    out.current = std::move(*current);
  }
  Result<SettingsState, Problem> state = read_settings_state(desk.house().options.config_path, out.current);
  if (!state) return unexpected(state.error());
  out.state = std::move(*state);
  return out;
}

Json setting_json(const Setting& setting, const SettingsState& state, const ShownValue* shown) {
  const bool in_file = find_value(state.file.root, setting) != nullptr;
  const bool pinned = state.pins(setting);
  const TomlNode* node = in_file ? find_value(state.file.root, setting)
                                 : (pinned || setting.file_only ? nullptr : state.stored_value(setting));
  const Json fallback = json_of_text(setting.fallback, setting.secret);
  Json value = node ? sallyport::to_json(*node, setting.secret) : fallback;
  std::string text = node ? to_shown_toml(*node, setting.secret) : std::string(setting.fallback);
  // A default that hangs on other settings.
  if (!node && shown && setting.derived) {
    text = shown->value;
    value = json_of_text(text, false);
  }
  return {{"name", setting.name},
          {"section", setting.section()},
          {"key", setting.key()},
          {"type", setting.type},
          {"doc", setting.doc},
          {"value", std::move(value)},
          {"text", std::move(text)},
          {"origin", in_file ? "file" : (node ? "store" : "default")},
          {"place", in_file ? place_text(state.config_path, node->place)
                            : (node ? fmt::format("revision {}", state.revision) : std::string())},
          {"pinned", pinned},
          {"pinned_by", pinned ? Json(state.config_path) : Json()},
          {"file_only", setting.file_only},
          {"secret", setting.secret},
          {"set", node != nullptr},
          {"default", fallback},
          {"example", json_of_text(setting.example, setting.secret)},
          {"group", setting.group.empty() ? Json() : Json(setting.group)}};
}

Json revision_json(const SettingsRevision& r, std::int64_t current) {
  return {{"number", r.number},
          {"author", r.author},
          {"why", r.comment},
          {"created_at", r.created_at},
          {"current", r.number == current}};
}

Result<Json, Problem> changes_of(const Json& body, bool with_why, std::string* why) {
  Members members(body);
  const Json* changes = members.any("changes");
  if (with_why) *why = members.text("why");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (!changes || !changes->is_object())
    return unexpected(problem(400, "invalid", "changes is no object of settings", "", "changes"));
  return *changes;
}

Problem draft_problem(std::vector<FieldProblem> problems) {
  Problem out = problem(422, "invalid", "the draft cannot be made law", "mend what is listed");
  if (!problems.empty()) {
    out.cause = problems.front().cause;
    out.hint = problems.front().hint;
    out.field = problems.front().field;
  }
  out.problems = std::move(problems);
  return out;
}

// Checks, seals, writes.
Outcome keep(ApiDesk& desk, const Call& call, const Loaded& now, const RevisionText& text, const StoredValues& values,
             std::string_view why) {
  DraftVerdict verdict = judge(now.state, text);
  if (!verdict.problems.empty()) return unexpected(draft_problem(std::move(verdict.problems)));
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  const Result<SettingsRevision> made =
      (*store)->put_settings(text.toml, "console:" + call.caller.shown, why, now.state.revision);
  if (!made)
    return unexpected(made.error().kind == ErrorKind::kConflict ? changed_meanwhile() : problem_of(made.error()));
  Reply out = reply(revision_json(*made, made->number), 201);
  out.etag = etag_of(made->number);
  out.subject = fmt::format("revision {}", made->number);
  StoredValues before;
  if (now.state.stored) before = values_of(now.state.stored->root);
  for (const Difference& one : differences(before, values)) {
    if (!out.detail.empty()) out.detail += ", ";
    out.detail += one.name;
  }
  return out;
}

Result<Loaded, Problem> load_to_change(ApiDesk& desk, const Call& call) {
  const Result<std::string, Problem> etag = required_etag(call);
  if (!etag) return unexpected(etag.error());
  Result<Loaded, Problem> now = load(desk, false);
  if (now && etag_of(now->state.revision) != *etag) return unexpected(changed_meanwhile());
  return now;
}

Result<std::int64_t, Problem> number_in_path(const Call& call) {
  const std::string_view text = call.in_path("number");
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1)
    return unexpected(problem(404, "not_found", "there is no such revision"));
  return number;
}

struct Found {
  SettingsRevision revision;
  std::optional<SettingsRevision> before;
};
Result<Found, Problem> find_revision(ApiDesk& desk, std::int64_t number) {
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  Result<std::vector<SettingsRevision>> all = (*store)->list_settings(100'000);
  if (!all) return unexpected(problem_of(all.error()));
  for (std::size_t i = 0; i < all->size(); ++i)
    if ((*all)[i].number == number) {
      Found out{(*all)[i], std::nullopt};
      if (i + 1 < all->size()) out.before = (*all)[i + 1];
      return out;
    }
  return unexpected(problem(404, "not_found", "there is no such revision"));
}

StoredValues values_in(const std::optional<SettingsRevision>& revision) {
  if (!revision) return {};
  const auto root = parse_toml(revision->toml, "revision");
  return root ? values_of(*root) : StoredValues();
}

}  // namespace

Result<LoadedSettings, Problem> settings_with(ApiDesk& desk, const Json* changes) {
  Result<Loaded, Problem> now = load(desk, true);
  if (!now) return unexpected(now.error());
  if (changes && !changes->is_object())
    return unexpected(problem(400, "invalid", "changes is no object of settings", "", "changes"));
  Draft draft = lay_over(now->state, changes ? *changes : Json::object(), false);
  if (!draft.problems.empty()) return unexpected(draft_problem(std::move(draft.problems)));
  DraftVerdict verdict = judge(now->state, draft.text);
  if (!verdict.problems.empty()) return unexpected(draft_problem(std::move(verdict.problems)));
  return std::move(*verdict.loaded);
}

Outcome get_settings(ApiDesk& desk, const Call&) {
  const Result<Loaded, Problem> now = load(desk, true);
  if (!now) return unexpected(now.error());
  std::optional<StoredSettings> stored;
  if (now->current) stored = StoredSettings{now->current->toml, now->current->number};
  const auto loaded = load_settings(now->state.config_path, stored);
  Json settings = Json::array(), sections = Json::array();
  const auto all = schema_settings();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ShownValue* shown = loaded && i < loaded->values.size() ? &loaded->values[i] : nullptr;
    settings.push_back(setting_json(all[i], now->state, shown));
  }
  for (const SectionDoc& section : schema_sections())
    sections.push_back({{"name", section.name}, {"doc", section.doc}});
  const DraftVerdict said =
      judge(now->state, to_revision_text(now->state.stored ? values_of(now->state.stored->root) : StoredValues()));
  Reply out = reply({{"revision", now->current ? Json(now->current->number) : Json()},
                     {"file", now->state.config_path},
                     {"file_changed", desk.house().engine.status().settings_file_changed},
                     {"can_edit", !desk.house().options.store_url.empty()},
                     {"sections", std::move(sections)},
                     {"settings", std::move(settings)},
                     {"warnings", to_json(said.warnings)},
                     {"advice", to_json(said.advice)}});
  out.etag = etag_of(now->state.revision);
  return out;
}

Outcome check_draft(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  const Result<Json, Problem> changes = changes_of(*body, false, nullptr);
  if (!changes) return unexpected(changes.error());
  const Result<Loaded, Problem> now = load(desk, true);
  if (!now) return unexpected(now.error());
  const Draft draft = lay_over(now->state, *changes, false);
  DraftVerdict verdict = judge(now->state, draft.text);
  std::vector<FieldProblem> problems = draft.problems;
  problems.insert(problems.end(), verdict.problems.begin(), verdict.problems.end());
  StoredValues before;
  if (now->state.stored) before = values_of(now->state.stored->root);
  return reply({{"good", problems.empty()},
                {"problems", to_json(problems)},
                {"warnings", to_json(verdict.warnings)},
                {"advice", to_json(verdict.advice)},
                {"changes", to_json(differences(before, draft.values))}});
}

Outcome list_revisions(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  std::int64_t before = INT64_MAX;
  if (!page->cursor.empty()) {
    const auto [end, error] = std::from_chars(page->cursor.data(), page->cursor.data() + page->cursor.size(), before);
    if (error != std::errc{} || end != page->cursor.data() + page->cursor.size())
      return unexpected(problem(400, "invalid", "the cursor is none of this list's", "", "cursor"));
  }
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  const Result<std::vector<SettingsRevision>> all = (*store)->list_settings(100'000);
  if (!all) return unexpected(problem_of(all.error()));
  const std::int64_t current = all->empty() ? 0 : all->front().number;
  const std::string author(call.in_query("author").value_or(""));
  Json items = Json::array();
  for (const SettingsRevision& one : *all) {
    if (one.number >= before || (!author.empty() && one.author != author)) continue;
    items.push_back(revision_json(one, current));
    if (items.size() > page->limit) break;
  }
  return list_reply(std::move(items), *page,
                    {{"number", "number"}, {"author", "author"}, {"why", "why"}, {"created_at", "created_at"}},
                    "revisions.csv",
                    [](const Json& item) { return std::to_string(item["number"].get<std::int64_t>()); });
}

Outcome make_law(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  std::string why;
  const Result<Json, Problem> changes = changes_of(*body, true, &why);
  if (!changes) return unexpected(changes.error());
  if (why.size() > 1000) return unexpected(problem(400, "invalid", "why is longer than 1000 characters", "", "why"));
  const Result<Loaded, Problem> now = load_to_change(desk, call);
  if (!now) return unexpected(now.error());
  Draft draft = lay_over(now->state, *changes, true);
  if (!draft.problems.empty()) return unexpected(draft_problem(std::move(draft.problems)));
  return keep(desk, call, *now, draft.text, draft.values, why);
}

Outcome get_revision(ApiDesk& desk, const Call& call) {
  const Result<std::int64_t, Problem> number = number_in_path(call);
  if (!number) return unexpected(number.error());
  const Result<Found, Problem> found = find_revision(desk, *number);
  if (!found) return unexpected(found.error());
  const Result<Loaded, Problem> now = load(desk, false);
  if (!now) return unexpected(now.error());
  const StoredValues values = values_in(found->revision);
  Json out = revision_json(found->revision, now->state.revision);
  out["text"] = to_masked_text(values);
  out["changes"] = to_json(differences(values_in(found->before), values));
  out["against_now"] = to_json(differences(values_in(now->current), values));
  return reply(std::move(out));
}

Outcome restore_revision(ApiDesk& desk, const Call& call) {
  std::string why;
  if (!call.body.empty()) {
    const Result<Json, Problem> body = json_body(call);
    if (!body) return unexpected(body.error());
    Members members(*body);
    why = members.maybe_text("why").value_or("");
    if (auto fault = members.fault()) return unexpected(*fault);
    if (why.size() > 1000) return unexpected(problem(400, "invalid", "why is longer than 1000 characters", "", "why"));
  }
  const Result<std::int64_t, Problem> number = number_in_path(call);
  if (!number) return unexpected(number.error());
  const Result<Found, Problem> found = find_revision(desk, *number);
  if (!found) return unexpected(found.error());
  const Result<Loaded, Problem> now = load_to_change(desk, call);
  if (!now) return unexpected(now.error());
  StoredValues values = values_in(found->revision);
  // A revision of a time before sealing has its secrets in the clear.
  if (const Result<std::size_t> sealed = seal_secrets(now->state, values); !sealed)
    return unexpected(problem_of(sealed.error(), sealed.error().place));
  if (why.empty()) why = fmt::format("back to revision {}", *number);
  return keep(desk, call, *now, to_revision_text(values), values, why);
}

Outcome inspect_key(ApiDesk&, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string text = members.text("text", true, 1);
  if (auto fault = members.fault()) return unexpected(*fault);
  if (text.find("PRIVATE KEY-----") != std::string::npos)
    return unexpected(problem(422, "invalid", "this is a private key, which stays with the issuer",
                              "give its public half: openssl pkey -in KEY -pubout", "text"));
  KeyOptions options;
  options.label = "public_key";
  const Result<KeySet> set = parse_key_document(
      text,
      text.find("-----BEGIN ") == std::string::npos ? KeyDocumentPolicy::remote_set : KeyDocumentPolicy::trusted_file,
      options);
  if (!set) return unexpected(problem_of(set.error(), "text"));
  Json keys = Json::array(), skipped = Json::array();
  for (const KeyPtr& key : set->keys) keys.push_back(key_json(*key));
  for (const SkippedKey& one : set->skipped)
    skipped.push_back({{"number", one.index + 1}, {"kid", one.kid}, {"cause", one.cause}});
  return reply({{"keys", std::move(keys)}, {"skipped", std::move(skipped)}});
}

}  // namespace sallyport::daemon
