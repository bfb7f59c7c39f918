#include "brokers/mosquitto/fake_broker_testing.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace sallyport::mosquitto {
namespace {
const char* text(const std::optional<std::string>& value) { return value ? value->c_str() : nullptr; }
}  // namespace

FakeBroker& broker() {
  static FakeBroker the_one;
  return the_one;
}

std::string FakeBroker::all_lines() const {
  std::string out;
  for (const Line& line : log) out += line.text + "\n";
  return out;
}

int FakeBroker::basic_auth(::mosquitto& client, const char* password, std::uint16_t password_length) {
  // The name as a string of its own: setting another one frees it.
  const std::optional<std::string> shown = client.username;
  std::string bytes = password ? std::string(password, password_length ? password_length : std::strlen(password)) : "";
  mosquitto_evt_basic_auth event{};
  event.client = &client;
  event.username = shown ? const_cast<char*>(shown->c_str()) : nullptr;
  event.password = password ? bytes.data() : nullptr;
  std::memcpy(&event.future2[0], &password_length, sizeof password_length);
  return callbacks.at(MOSQ_EVT_BASIC_AUTH)(MOSQ_EVT_BASIC_AUTH, &event, userdata);
}

int FakeBroker::auth(::mosquitto& client, const std::string& data, const char* method) {
  mosquitto_evt_extended_auth event{};
  event.client = &client;
  event.data_in = data.empty() ? nullptr : data.data();
  event.data_in_len = static_cast<std::uint16_t>(data.size());
  event.auth_method = method;
  return callbacks.at(MOSQ_EVT_EXT_AUTH_START)(MOSQ_EVT_EXT_AUTH_START, &event, userdata);
}

int FakeBroker::control(::mosquitto& client, const std::string& payload) {
  mosquitto_evt_control event{};
  event.client = &client;
  event.topic = control_topic.c_str();
  event.payload = payload.data();
  event.payloadlen = static_cast<std::uint32_t>(payload.size());
  return callbacks.at(MOSQ_EVT_CONTROL)(MOSQ_EVT_CONTROL, &event, userdata);
}

int FakeBroker::acl(::mosquitto& client, int access, const char* topic) {
  mosquitto_evt_acl_check event{};
  event.client = &client;
  event.access = access;
  event.topic = topic;
  return callbacks.at(MOSQ_EVT_ACL_CHECK)(MOSQ_EVT_ACL_CHECK, &event, userdata);
}

int FakeBroker::event(int number, ::mosquitto* client) {
  mosquitto_evt_disconnect event{};
  event.client = client;
  return callbacks.at(number)(number, &event, userdata);
}
int FakeBroker::reload() {
  mosquitto_evt_reload event{};
  return callbacks.at(MOSQ_EVT_RELOAD)(MOSQ_EVT_RELOAD, &event, userdata);
}
int FakeBroker::tick() {
  mosquitto_evt_tick event{};
  return callbacks.at(MOSQ_EVT_TICK)(MOSQ_EVT_TICK, &event, userdata);
}

}  // namespace sallyport::mosquitto

using sallyport::mosquitto::broker;
using sallyport::mosquitto::text;

extern "C" {
int mosquitto_callback_register(mosquitto_plugin_id_t*, int event, MOSQ_FUNC_generic_callback callback,
                                const void* data, void* userdata) {
  if (broker().register_result != MOSQ_ERR_SUCCESS) return broker().register_result;
  broker().callbacks[event] = callback;
  if (event == MOSQ_EVT_CONTROL) broker().control_topic = static_cast<const char*>(data);
  broker().userdata = userdata;
  return MOSQ_ERR_SUCCESS;
}
int mosquitto_callback_unregister(mosquitto_plugin_id_t*, int event, MOSQ_FUNC_generic_callback, const void*) {
  broker().callbacks.erase(event);
  return MOSQ_ERR_SUCCESS;
}
void mosquitto_log_printf(int level, const char* format, ...) {
  char buffer[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  broker().log.push_back({level, buffer});
}
const char* mosquitto_client_id(const mosquitto* client) { return text(client->id); }
const char* mosquitto_client_username(const mosquitto* client) { return text(client->username); }
const char* mosquitto_client_address(const mosquitto* client) { return text(client->address); }
void* mosquitto_client_certificate(const mosquitto*) { return nullptr; }
bool mosquitto_client_clean_session(const mosquitto* client) { return client->clean_start; }
int mosquitto_client_protocol(const mosquitto* client) { return client->protocol; }
int mosquitto_client_protocol_version(const mosquitto* client) { return client->version; }
int mosquitto_set_username(mosquitto* client, const char* username) {
  if (broker().set_username_result != MOSQ_ERR_SUCCESS) return broker().set_username_result;
  client->username = username;
  return MOSQ_ERR_SUCCESS;
}
int mosquitto_kick_client_by_clientid(const char* id, bool) {
  broker().kicked.emplace_back(id);
  mosquitto* const client = broker().connected ? broker().connected(id) : nullptr;
  if (!client) return MOSQ_ERR_NOT_FOUND;
  broker().event(MOSQ_EVT_DISCONNECT, client);
  return MOSQ_ERR_SUCCESS;
}
int mosquitto_broker_publish_copy(const char* id, const char* topic, int length, const void* payload, int, bool,
                                  mosquitto_property*) {
  broker().said.push_back(
      {id, topic, std::string(static_cast<const char*>(payload), static_cast<std::size_t>(length))});
  return MOSQ_ERR_SUCCESS;
}
int mosquitto_subscription_delete(const char* id, const char* filter) {
  if (!broker().deletes_subscriptions) return MOSQ_ERR_NOT_FOUND;
  broker().deleted.emplace_back(id, filter);
  return MOSQ_ERR_SUCCESS;
}
int mosquitto_validate_utf8(const char*, int) { return MOSQ_ERR_SUCCESS; }
}
