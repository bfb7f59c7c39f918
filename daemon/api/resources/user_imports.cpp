// Users out of files.
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"
#include "users/import_words.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kShown = 200;

Json problem_json(const FieldProblem& one) {
  Json out{{"row", one.row}, {"cause", one.cause}};
  if (!one.field.empty()) out["field"] = one.field;
  if (!one.hint.empty()) out["hint"] = one.hint;
  return out;
}

Json to_json(const UserImportState& s) {
  Json problems = Json::array();
  for (std::size_t i = 0; i < s.problems.size() && i < kShown; ++i) problems.push_back(problem_json(s.problems[i]));
  return {{"id", s.id},
          {"state", name(s.phase)},
          {"dry_run", s.dry_run},
          {"file_name", s.file_name},
          {"read", s.read},
          {"good", s.good},
          {"failed", s.failed},
          {"read_bytes", s.read_bytes},
          {"total_bytes", s.total_bytes},
          {"cause", s.cause.empty() ? Json() : Json(s.cause)},
          {"hint", s.hint.empty() ? Json() : Json(s.hint)},
          {"problems", std::move(problems)},
          {"started_at", s.started_at},
          {"ended_at", or_null(s.ended_at)}};
}

Problem unknown_import() { return problem(404, "not_found", "there is no such import, or a newer one took its place"); }

}  // namespace

Outcome start_user_import(ApiDesk& desk, const Call& call) {
  UserImports::Order order;
  const std::string_view dry = call.in_query("dry_run").value_or("false");
  const std::string_view existing = call.in_query("existing").value_or("refuse");
  if (dry != "true" && dry != "false")
    return unexpected(problem(400, "invalid", "dry_run is neither true nor false", "", "dry_run"));
  if (existing != "refuse" && existing != "replace")
    return unexpected(problem(400, "invalid", "existing is neither refuse nor replace", "", "existing"));
  ImportWords words;
  words.format = call.in_query("format").value_or("auto");
  words.hash = call.in_query("hash").value_or("auto");
  words.salt_position = call.in_query("salt_position").value_or("");
  words.salt_encoding = call.in_query("salt_encoding").value_or("text");
  const Result<std::int64_t, Problem> iterations = number_of(call, "iterations", 0);
  if (!iterations) return unexpected(iterations.error());
  words.iterations = *iterations;
  const Result<ImportOptions> options = to_import_options(words);
  if (!options) return unexpected(problem(400, "invalid", options.error().cause, "", options.error().place));
  order.options = *options;
  if (call.body.empty()) return unexpected(problem(422, "invalid", "the file is empty"));
  if (desk.house().options.store_url.empty())
    return unexpected(problem(503, "unavailable", "there is no store", "give [store] a url in the settings file"));
  order.dry_run = dry == "true";
  order.replace = existing == "replace";
  order.file_name = std::string(call.in_query("file_name").value_or("")).substr(0, 200);
  order.store_url = desk.house().options.store_url;
  order.body = call.body;
  const Result<UserImportState, Problem> begun = desk.house().imports.start(std::move(order));
  if (!begun) return unexpected(begun.error());
  Reply out = reply(to_json(*begun), 202);
  out.location = "/api/v1/user-imports/" + begun->id;
  out.subject = begun->file_name;
  out.detail = begun->dry_run ? "dry run" : existing == "replace" ? "replacing those who are there" : "";
  return out;
}

Outcome get_user_import_template(ApiDesk&, const Call&) {
  Reply out;
  out.file_name = "users-template.csv";
  out.text =
      "username,password,is_superuser,enabled\r\n"
      "meter-0001,replace-this-by-a-long-random-one,false,true\r\n"
      "meter-0002,each-device-has-one-of-its-own,false,true\r\n";
  return out;
}

Outcome get_user_import(ApiDesk& desk, const Call& call) {
  const std::optional<UserImportState> found = desk.house().imports.find(call.in_path("id"));
  if (!found) return unexpected(unknown_import());
  if (call.in_query("format").value_or("json") != "csv") return reply(to_json(*found));
  Json rows = Json::array();
  for (const FieldProblem& one : found->problems) rows.push_back(problem_json(one));
  return csv_reply(rows, {{"row", "row"}, {"column", "field"}, {"cause", "cause"}, {"hint", "hint"}},
                   "import-failures.csv");
}

Outcome cancel_user_import(ApiDesk& desk, const Call& call) {
  if (!desk.house().imports.cancel(call.in_path("id"))) return unexpected(unknown_import());
  return no_content();
}

}  // namespace sallyport::daemon
