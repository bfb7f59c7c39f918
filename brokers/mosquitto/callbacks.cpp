#include "brokers/mosquitto/callbacks.h"

#include <exception>

#include "brokers/mosquitto/gate.h"
#include "brokers/mosquitto/reply_codes.h"

namespace sallyport::mosquitto {
namespace {

// One wrapper for all: `failed` is the answer where the gate itself fails (memory, in practice).
template <class Event, class Ask>
int guarded(void* data, void* userdata, int failed, Ask ask) noexcept {
  if (!data || !userdata) return failed;
  try {
    return ask(*static_cast<Gate*>(userdata), *static_cast<const Event*>(data));
  } catch (const std::exception&) {
    static_cast<Gate*>(userdata)->log().write(LogLevel::error, "the gate met an error of its own and refuses to guess");
    return failed;
  } catch (...) {
    return failed;
  }
}

}  // namespace

extern "C" {

int on_basic_auth(int, void* data, void* userdata) noexcept {
  return guarded<mosquitto_evt_basic_auth>(data, userdata, kCloseUnanswered,
                                           [](Gate& gate, const auto& event) { return gate.basic_auth(event); });
}

int on_ext_auth_start(int, void* data, void* userdata) noexcept {
  return guarded<mosquitto_evt_extended_auth>(data, userdata, kCloseUnanswered,
                                              [](Gate& gate, const auto& event) { return gate.auth_start(event); });
}

int on_ext_auth_continue(int, void* data, void* userdata) noexcept {
  return guarded<mosquitto_evt_extended_auth>(data, userdata, MOSQ_ERR_AUTH,
                                              [](Gate& gate, const auto& event) { return gate.auth_continue(event); });
}

int on_control(int, void* data, void* userdata) noexcept {
  return guarded<mosquitto_evt_control>(data, userdata, kCloseUnanswered,
                                        [](Gate& gate, const auto& event) { return gate.control(event); });
}

int on_acl_check(int, void* data, void* userdata) noexcept {
  return guarded<mosquitto_evt_acl_check>(data, userdata, MOSQ_ERR_ACL_DENIED,
                                          [](Gate& gate, const auto& event) { return gate.acl_check(event); });
}

// Always 0: any other answer makes 2.0 crash at the next SIGHUP and ends 2.1.
int on_reload(int, void* data, void* userdata) noexcept {
  return guarded<mosquitto_evt_reload>(data, userdata, MOSQ_ERR_SUCCESS, [](Gate& gate, const auto&) {
    gate.reload();
    return int{MOSQ_ERR_SUCCESS};
  });
}

int on_tick(int, void* data, void* userdata) noexcept {
  return guarded<mosquitto_evt_tick>(data, userdata, MOSQ_ERR_SUCCESS, [](Gate& gate, const auto&) {
    gate.tick();
    return int{MOSQ_ERR_SUCCESS};
  });
}

int on_arrived(int, void* data, void* userdata) noexcept {
  return guarded<ClientEvent>(data, userdata, MOSQ_ERR_SUCCESS, [](Gate& gate, const auto& event) {
    gate.arrived(event.client);
    return int{MOSQ_ERR_SUCCESS};
  });
}

int on_left(int, void* data, void* userdata) noexcept {
  return guarded<ClientEvent>(data, userdata, MOSQ_ERR_SUCCESS, [](Gate& gate, const auto& event) {
    gate.left(event.client);
    return int{MOSQ_ERR_SUCCESS};
  });
}

}  // extern "C"

}  // namespace sallyport::mosquitto
