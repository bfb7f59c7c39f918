// An admission as another node wrote it into the store: read whole or not at all, and written as the same again.
#include <string>
#include <string_view>

#include "daemon/admission_record.h"
#include "promise.h"

namespace sallyport::daemon {
namespace {

void look(std::string_view bytes) {
  const StoredAdmission stored{"key", std::string(bytes), 1'800'000'000, 7};
  const auto read = from_record(stored);
  if (!read) return;
  promise(read->rights != nullptr && read->ends_at == stored.ends_at && read->at_ms == stored.at_ms,
          "an admission is read whole");
  const StoredAdmission written = to_record("key", *read);
  const auto again = from_record(written);
  promise(again.has_value(), "what is written can be read");
  promise(to_record("key", *again).record == written.record, "and is written as the same again");
  const auto policy = GateSnapshot::no_topic_policy();
  for (const std::string_view topic : {"site-7/a", "$SYS/x", "", "a/+/#"})
    for (const TopicAction action : {TopicAction::publish, TopicAction::subscribe, TopicAction::receive})
      promise(judge_topic(*read, {action, topic, 1, false, "192.0.2.7"}, policy) ==
                  judge_topic(*again, {action, topic, 1, false, "192.0.2.7"}, policy),
              "and has the same rights");
  // Cut short anywhere, it is none.
  promise(!from_record({"key", written.record.substr(0, written.record.size() - 1), {}, 7}), "a torn record is none");
  promise(!from_record({"key", written.record + '\0', {}, 7}), "nor is one with something behind it");
}

}  // namespace
}  // namespace sallyport::daemon

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::daemon::look({reinterpret_cast<const char*>(data), size});
  return 0;
}
