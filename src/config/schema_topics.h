// Settings of topic rights: those of a token under [jwt], and [topics] with [[topic_rules]], and [session].
#pragma once

#include <span>

#include "config/schema.h"

namespace sallyport {

std::span<const Setting> rights_settings();  // [jwt], and for each of [[jwt.issuers]]
std::span<const Setting> topic_settings();   // [topics], [[topic_rules]]
std::span<const Setting> session_settings();

}  // namespace sallyport
