#include "daemon/topic_rights.h"

#include "rules/topic_filter.h"

namespace sallyport::daemon {

Verdict judge_topic(const Admission& admission, const TopicRequest& request,
                    const std::shared_ptr<const TopicPolicy>& policy) {
  const std::optional<std::string_view> filter = judged_filter(request.topic);
  if (!filter || !admission.rights) return Verdict::deny;
  if (request.action == TopicAction::publish ? !is_topic_name(request.topic) : !is_topic_filter(*filter))
    return Verdict::deny;
  switch (admission.rights->check(request, policy)) {
    case TopicVerdict::allow:
      return Verdict::allow;
    case TopicVerdict::defer:
      return Verdict::ignore;
    case TopicVerdict::deny:
      break;
  }
  return Verdict::deny;
}

}  // namespace sallyport::daemon
