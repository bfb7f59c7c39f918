/* The other half of the comparison: a plugin that lets everybody in and looks at nothing. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stddef.h>

static mosquitto_plugin_id_t* self;

static int let_in(int event, void* data, void* userdata) {
  (void)event, (void)data, (void)userdata;
  return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int* versions) {
  for (int i = 0; i < count; ++i)
    if (versions[i] == MOSQ_PLUGIN_VERSION) return MOSQ_PLUGIN_VERSION;
  return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t* id, void** userdata, struct mosquitto_opt* options, int count) {
  (void)userdata, (void)options, (void)count;
  self = id;
  return mosquitto_callback_register(id, MOSQ_EVT_BASIC_AUTH, let_in, NULL, NULL);
}

int mosquitto_plugin_cleanup(void* userdata, struct mosquitto_opt* options, int count) {
  (void)userdata, (void)options, (void)count;
  return mosquitto_callback_unregister(self, MOSQ_EVT_BASIC_AUTH, let_in, NULL);
}
