// Signing in and out.
#include "daemon/api/cookies.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {
namespace {

Json session_json(const Caller& caller) {
  return {{"name", caller.kind == Caller::Kind::token ? caller.shown : caller.name},
          {"role", name(caller.role)},
          {"csrf", caller.csrf},
          {"ends_at", caller.ends_at},
          {"idle_ends_at", caller.idle_ends_at}};
}

Outcome signed_in(ApiDesk& desk, const Call& call, Result<SignedIn, Problem> outcome) {
  if (!outcome) return unexpected(outcome.error());
  // Session fixation: what the browser held before is worth nothing now.
  desk.house().accounts.end_session_of(call.cookie);
  Reply out = reply(session_json(outcome->caller));
  out.set_cookie = set_session_cookie(outcome->cookie, call.secure);
  out.subject = outcome->caller.name;
  return out;
}

}  // namespace

Outcome get_welcome(ApiDesk& desk, const Call& call) {
  return reply({{"product", "sallyport"},
                {"first_administrator_missing", desk.house().accounts.first_is_missing()},
                {"secure", call.secure}});
}

Outcome get_session(ApiDesk&, const Call& call) { return reply(session_json(call.caller)); }

Outcome sign_in(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string name = members.text("name");
  std::string password = members.text("password");
  if (auto fault = members.fault()) return unexpected(*fault);
  Outcome out = name.size() > 128 || password.size() > Accounts::kMostPassword
                    ? Outcome(unexpected(problem(400, "invalid", "the name or the password is too long")))
                    : signed_in(desk, call, desk.house().accounts.sign_in(name, password, call.address));
  wipe(password);
  return out;
}

Outcome sign_out(ApiDesk& desk, const Call& call) {
  if (call.caller.kind == Caller::Kind::token)
    return unexpected(problem(403, "forbidden", "an API token has no session to end", "delete the token"));
  desk.house().accounts.sign_out(call.caller);
  Reply out = no_content();
  out.set_cookie = set_session_cookie({}, call.secure);
  return out;
}

Outcome use_invitation(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string invitation = members.text("invitation");
  const std::string name = members.maybe_text("name").value_or("");
  std::string password = members.text("password");
  if (auto fault = members.fault()) return unexpected(*fault);
  Outcome out = signed_in(desk, call, desk.house().accounts.use_invitation(invitation, name, password, call.address));
  wipe(password);
  return out;
}

Outcome set_own_password(ApiDesk& desk, const Call& call) {
  if (call.caller.kind == Caller::Kind::token)
    return unexpected(problem(403, "forbidden", "an API token cannot change a password", "sign in"));
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  std::string old = members.text("old"), fresh = members.text("new");
  if (auto fault = members.fault()) return unexpected(*fault);
  Outcome out = signed_in(desk, call, desk.house().accounts.set_own_password(call.caller, old, fresh, call.address));
  wipe(old);
  wipe(fresh);
  return out;
}

}  // namespace sallyport::daemon
