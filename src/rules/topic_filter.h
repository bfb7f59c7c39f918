// MQTT topic names and filters (MQTT 5, section 4.7): which are well-formed, what a
// filter matches, and whether one filter holds all, or any, of what another asks for.
// Nothing here allocates; each is one walk along both texts.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sallyport {

inline constexpr std::size_t kMaxTopicBytes = 65'535;  // MQTT's two-byte lengths

// Not empty, no NUL, no wildcard.
bool is_topic_name(std::string_view text) noexcept;
// "#" alone and only at the end, "+" alone in its level; not empty, no NUL.
bool is_topic_filter(std::string_view text) noexcept;

// The three below take well-formed texts.

// Wildcards at the start match no topic that begins with "$" (section 4.7.2).
bool matches(std::string_view filter, std::string_view topic) noexcept;
// Whether every topic that `asked` matches is matched by `held`: "a/#" is not covered by "a/b".
bool covers(std::string_view held, std::string_view asked) noexcept;
// Whether any topic is matched by both.
bool overlaps(std::string_view a, std::string_view b) noexcept;

// "$share/group/filter" is judged by its filter. Any other text is its own filter; nothing for a "$share" that is
// not well-formed (4.8.2: the group is not empty and holds no wildcard).
std::optional<std::string_view> judged_filter(std::string_view asked) noexcept;

}  // namespace sallyport
