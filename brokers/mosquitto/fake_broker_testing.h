// A broker of the tests' own: the functions that the plugin calls, over plain structs,
// so that a test can be what no real Mosquitto here is (2.1's HTTP api, a lost event).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "brokers/mosquitto/broker_api.h"

struct mosquitto {
  std::optional<std::string> id, username, address;
  int protocol = mp_mqtt;
  int version = 4;
  bool clean_start = true;
};

namespace sallyport::mosquitto {

struct FakeBroker {
  struct Line {
    int level;
    std::string text;
  };
  std::map<int, MOSQ_FUNC_generic_callback> callbacks;
  void* userdata = nullptr;
  std::vector<Line> log;
  struct Said {
    std::string id, topic, payload;
  };
  std::vector<Said> said;                                    // published by the plugin
  std::vector<std::pair<std::string, std::string>> deleted;  // subscriptions: id, filter
  bool deletes_subscriptions = true;                         // as 2.1 does
  std::string control_topic;
  std::vector<std::string> kicked;                            // client ids
  std::function<::mosquitto*(const std::string&)> connected;  // who has the id
  int register_result = MOSQ_ERR_SUCCESS;
  int set_username_result = MOSQ_ERR_SUCCESS;

  bool asks_about_topics() const { return callbacks.contains(MOSQ_EVT_ACL_CHECK); }
  std::string all_lines() const;

  // As the broker does it: the event, then what the callback said.
  int basic_auth(::mosquitto& client, const char* password, std::uint16_t password_length = 0);
  int auth(::mosquitto& client, const std::string& data, const char* method = "JWT");
  int control(::mosquitto& client, const std::string& payload);
  int acl(::mosquitto& client, int access = MOSQ_ACL_WRITE, const char* topic = "a");
  int event(int number, ::mosquitto* client);
  int reload();
  int tick();
};
// The one that the functions work on.
FakeBroker& broker();

}  // namespace sallyport::mosquitto
