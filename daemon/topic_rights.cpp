#include "daemon/topic_rights.h"

#include "rules/topic_filter.h"

namespace sallyport::daemon {

bool topic_allowed(const Admission& admission, const TopicRequest& request) {
  const std::optional<std::string_view> filter = judged_filter(request.topic);
  if (!filter) return false;
  const bool well_formed = request.action == TopicAction::publish ? is_topic_name(request.topic) : is_topic_filter(*filter);
  if (!well_formed) return false;
  if (admission.is_superuser || !admission.rules) return true;
  // Nobody stands behind us in these contracts: what no rule gives is denied.
  return admission.rules->check(request) == TopicAnswer::allow;
}

}  // namespace sallyport::daemon
