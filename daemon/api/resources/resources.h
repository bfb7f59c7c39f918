// The operations of the REST, one file a resource. Their names are the operation ids of api/openapi.yaml.
#pragma once

#include "daemon/api/console_house.h"
#include "daemon/api/router.h"

namespace sallyport::daemon {

#define SP_OPERATION(name) Outcome name(ApiDesk& desk, const Call& call)
// session.cpp
SP_OPERATION(get_welcome);
SP_OPERATION(get_session);
SP_OPERATION(sign_in);
SP_OPERATION(sign_out);
SP_OPERATION(use_invitation);
SP_OPERATION(set_own_password);
// administration.cpp
SP_OPERATION(list_administrators);
SP_OPERATION(add_administrator);
SP_OPERATION(edit_administrator);
SP_OPERATION(delete_administrator);
SP_OPERATION(invite_again);
SP_OPERATION(end_administrator_sessions);
SP_OPERATION(list_api_tokens);
SP_OPERATION(add_api_token);
SP_OPERATION(delete_api_token);
SP_OPERATION(list_activity);
// users.cpp
SP_OPERATION(list_users);
SP_OPERATION(add_user);
SP_OPERATION(get_user);
SP_OPERATION(edit_user);
SP_OPERATION(delete_user);
SP_OPERATION(set_user_password);
// decisions.cpp
SP_OPERATION(list_decisions);
SP_OPERATION(get_decision);
SP_OPERATION(list_refused);
SP_OPERATION(list_refused_devices);
SP_OPERATION(get_device);
SP_OPERATION(list_reasons);
// sessions.cpp
SP_OPERATION(list_sessions);
SP_OPERATION(get_ends);
SP_OPERATION(end_sessions);
// slowed.cpp
SP_OPERATION(list_slowed);
SP_OPERATION(let_go);
// settings.cpp
SP_OPERATION(get_settings);
SP_OPERATION(check_draft);
SP_OPERATION(list_revisions);
SP_OPERATION(make_law);
SP_OPERATION(get_revision);
SP_OPERATION(restore_revision);
SP_OPERATION(inspect_key);
// events.cpp
SP_OPERATION(follow_events);
// overview.cpp
SP_OPERATION(get_overview);
SP_OPERATION(list_authenticators);
// keys.cpp
SP_OPERATION(list_keys);
SP_OPERATION(refresh_keys);
SP_OPERATION(examine_source);
SP_OPERATION(who_uses_key);
// trying.cpp
SP_OPERATION(try_attempt);
SP_OPERATION(test_topic);
// bars.cpp
SP_OPERATION(list_revocations);
SP_OPERATION(add_revocation);
SP_OPERATION(import_revocations);
SP_OPERATION(remove_revocation);
SP_OPERATION(list_blocks);
SP_OPERATION(add_block);
SP_OPERATION(remove_block);
// preview.cpp
SP_OPERATION(preview_draft);
// issuing.cpp
SP_OPERATION(list_issuing_keys);
SP_OPERATION(issue_tokens);
// user_imports.cpp
SP_OPERATION(start_user_import);
SP_OPERATION(get_user_import_template);
SP_OPERATION(get_user_import);
SP_OPERATION(cancel_user_import);
#undef SP_OPERATION

// What several of them say.
std::vector<Json> sessions_of_brokers(ConsoleHouse& house, Json question);
Json key_json(const VerificationKey& key);
Json key_source_json(const Json& source, const std::string& process);
// The settings as a draft over them would have them; a Problem where they do not load.
Result<LoadedSettings, Problem> settings_with(ApiDesk& desk, const Json* changes);

}  // namespace sallyport::daemon
