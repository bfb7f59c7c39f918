#include "daemon/api/resources/resources.h"
#include "daemon/api/router.h"

namespace sallyport::daemon {
namespace {
constexpr std::size_t kMostImport = 64u * 1024 * 1024, kMostSettings = 2u * 1024 * 1024;
}

std::span<const Operation> operations() {
  using enum Role;
  static constexpr Operation kAll[] = {
      {"GET", "/welcome", "getWelcome", none, get_welcome},
      {"GET", "/session", "getSession", viewer, get_session},
      {"POST", "/session", "signIn", none, sign_in},
      {"DELETE", "/session", "signOut", viewer, sign_out},
      {"POST", "/session/first", "useInvitation", none, use_invitation},
      {"PUT", "/session/password", "setOwnPassword", viewer, set_own_password},

      {"GET", "/events", "followEvents", viewer, follow_events},
      {"GET", "/overview", "getOverview", viewer, get_overview},
      {"GET", "/overview/ends", "getEnds", viewer, get_ends},
      {"GET", "/authenticators", "listAuthenticators", viewer, list_authenticators},

      {"GET", "/decisions", "listDecisions", viewer, list_decisions},
      {"GET", "/decisions/{id}", "getDecision", viewer, get_decision},
      {"GET", "/refused", "listRefused", viewer, list_refused},
      {"GET", "/refused/{reason}", "listRefusedDevices", viewer, list_refused_devices},
      {"GET", "/devices/{client_id}", "getDevice", viewer, get_device},
      {"GET", "/sessions", "listSessions", viewer, list_sessions},
      {"POST", "/sessions/end", "endSessions", keeper, end_sessions},
      {"GET", "/reasons", "listReasons", viewer, list_reasons},

      {"GET", "/users", "listUsers", viewer, list_users},
      {"POST", "/users", "addUser", keeper, add_user},
      {"GET", "/users/{username}", "getUser", viewer, get_user},
      {"PATCH", "/users/{username}", "editUser", keeper, edit_user},
      {"DELETE", "/users/{username}", "deleteUser", keeper, delete_user},
      {"PUT", "/users/{username}/password", "setUserPassword", keeper, set_user_password},

      {"POST", "/user-imports", "startUserImport", keeper, start_user_import, false, kMostImport},
      {"GET", "/user-imports/template", "getUserImportTemplate", viewer, get_user_import_template},
      {"GET", "/user-imports/{id}", "getUserImport", keeper, get_user_import},
      {"DELETE", "/user-imports/{id}", "cancelUserImport", keeper, cancel_user_import},

      {"GET", "/settings", "getSettings", viewer, get_settings},
      {"POST", "/settings/check", "checkDraft", keeper, check_draft, true, kMostSettings},
      {"GET", "/settings/revisions", "listRevisions", viewer, list_revisions},
      {"POST", "/settings/revisions", "makeLaw", administrator, make_law, false, kMostSettings},
      {"GET", "/settings/revisions/{number}", "getRevision", viewer, get_revision},
      {"POST", "/settings/revisions/{number}/restore", "restoreRevision", administrator, restore_revision},
      {"POST", "/key-files/inspect", "inspectKey", viewer, inspect_key, true},

      {"GET", "/keys", "listKeys", viewer, list_keys},
      {"POST", "/keys/refresh", "refreshKeys", keeper, refresh_keys},
      {"POST", "/keys/doctor", "examineSource", keeper, examine_source, true, kMostSettings},
      {"POST", "/keys/retire", "whoUsesKey", viewer, who_uses_key, true},

      {"POST", "/topics/test", "testTopic", keeper, test_topic, true, kMostSettings},
      {"POST", "/try", "tryAttempt", keeper, try_attempt, true, kMostSettings},

      {"POST", "/preview", "previewDraft", keeper, preview_draft, true, kMostSettings},
      {"GET", "/issuing-keys", "listIssuingKeys", viewer, list_issuing_keys},
      {"POST", "/issued-tokens", "issueTokens", administrator, issue_tokens, false, kMostSettings},

      {"GET", "/revocations", "listRevocations", viewer, list_revocations},
      {"POST", "/revocations", "addRevocation", keeper, add_revocation},
      {"POST", "/revocations/import", "importRevocations", keeper, import_revocations, false, kMostImport},
      {"DELETE", "/revocations/{id}", "removeRevocation", keeper, remove_revocation},
      {"GET", "/blocks", "listBlocks", viewer, list_blocks},
      {"POST", "/blocks", "addBlock", keeper, add_block},
      {"DELETE", "/blocks/{id}", "removeBlock", keeper, remove_block},
      {"GET", "/slowed", "listSlowed", viewer, list_slowed},
      {"POST", "/slowed/let-go", "letGo", keeper, let_go},

      {"GET", "/administrators", "listAdministrators", administrator, list_administrators},
      {"POST", "/administrators", "addAdministrator", administrator, add_administrator},
      {"PATCH", "/administrators/{name}", "editAdministrator", administrator, edit_administrator},
      {"DELETE", "/administrators/{name}", "deleteAdministrator", administrator, delete_administrator},
      {"POST", "/administrators/{name}/invitation", "inviteAgain", administrator, invite_again},
      {"DELETE", "/administrators/{name}/sessions", "endAdministratorSessions", administrator,
       end_administrator_sessions},
      {"GET", "/api-tokens", "listApiTokens", administrator, list_api_tokens},
      {"POST", "/api-tokens", "addApiToken", administrator, add_api_token},
      {"DELETE", "/api-tokens/{id}", "deleteApiToken", administrator, delete_api_token},
      {"GET", "/activity", "listActivity", administrator, list_activity},
  };
  return kAll;
}

}  // namespace sallyport::daemon
