#include "auth/subscription.h"

#include "rules/topic_filter.h"

namespace sallyport {

bool brings(std::string_view subscription, std::string_view topic) noexcept {
  return matches(judged_filter(subscription).value_or(subscription), topic);
}

}  // namespace sallyport
