// Three texts between newlines: a held filter, an asked one and a topic, as strangers and issuers write them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "promise.h"
#include "rules/topic_filter.h"

namespace sallyport {
namespace {

void look(std::string_view held, std::string_view asked, std::string_view topic) {
  promise(!is_topic_name(topic) || is_topic_filter(topic), "a topic's name is a filter, too");
  if (const auto judged = judged_filter(asked); judged) {
    promise(judged->size() <= asked.size(), "a judged filter is a part of what is asked");
    asked = *judged;
  }
  if (!is_topic_filter(held)) return;
  promise(covers(held, held) && overlaps(held, held), "a filter covers and meets itself");
  if (is_topic_name(topic)) {
    // A name is a filter that matches itself alone, but for the wildcards that "$" keeps out.
    promise(matches(held, topic) == covers(held, topic), "to match a topic is to cover it");
    promise(matches(held, topic) == overlaps(held, topic), "to match a topic is to meet it");
  }
  if (!is_topic_filter(asked)) return;
  promise(overlaps(held, asked) == overlaps(asked, held), "meeting is mutual");
  if (covers(held, asked)) promise(overlaps(held, asked), "what covers, meets");
  if (covers(held, asked) && is_topic_name(topic) && matches(asked, topic))
    promise(matches(held, topic), "what covers matches all that is asked");
  if (is_topic_name(topic) && matches(asked, topic) && matches(held, topic))
    promise(overlaps(held, asked), "one topic of both is a meeting");
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t one = text.find('\n');
  if (one == std::string_view::npos) return 0;
  const std::size_t two = text.find('\n', one + 1);
  if (two == std::string_view::npos) return 0;
  sallyport::look(text.substr(0, one), text.substr(one + 1, two - one - 1), text.substr(two + 1));
  return 0;
}
