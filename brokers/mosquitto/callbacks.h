// The C edge: what the broker calls. Nothing is thrown through it, and what goes wrong
// in here keeps a stranger out.
#pragma once

namespace sallyport::mosquitto {

// As MOSQ_FUNC_generic_callback; `userdata` is the Gate.
extern "C" {
int on_basic_auth(int event, void* data, void* userdata) noexcept;
int on_ext_auth_start(int event, void* data, void* userdata) noexcept;
int on_ext_auth_continue(int event, void* data, void* userdata) noexcept;
int on_control(int event, void* data, void* userdata) noexcept;
int on_acl_check(int event, void* data, void* userdata) noexcept;
int on_reload(int event, void* data, void* userdata) noexcept;
int on_tick(int event, void* data, void* userdata) noexcept;
int on_arrived(int event, void* data, void* userdata) noexcept;
int on_left(int event, void* data, void* userdata) noexcept;
}

}  // namespace sallyport::mosquitto
