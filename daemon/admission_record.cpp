#include "daemon/admission_record.h"

#include "codec/record.h"

namespace sallyport::daemon {
namespace {
constexpr std::uint8_t kVersion = 2;
}  // namespace

StoredAdmission to_record(std::string key, const Admission& admission) {
  StoredAdmission out{std::move(key), {}, admission.ends_at, admission.at_ms};
  std::string rights;
  if (admission.rights) admission.rights->append_record(rights);
  RecordWriter(out.record)
      .byte(kVersion)
      .byte(admission.is_superuser ? 1 : 0)
      .byte(static_cast<std::uint8_t>(admission.authenticator))
      .text(rights)
      .byte(admission.names.of_token ? 1 : 0)
      .text(admission.names.jti)
      .text(admission.names.principal)
      .text(admission.names.key_id)
      .text(admission.names.issuer)
      .byte(admission.names.issued_at ? 1 : 0)
      .number(static_cast<std::uint64_t>(admission.names.issued_at.value_or(0)));
  return out;
}

std::optional<Admission> from_record(const StoredAdmission& stored) {
  RecordReader from(stored.record);
  if (from.byte() != kVersion) return std::nullopt;
  Admission out;
  out.is_superuser = from.byte() != 0;
  const std::uint8_t who = from.byte();
  const std::string_view rights = from.text();
  out.names.of_token = from.byte() != 0;
  for (std::string* text : {&out.names.jti, &out.names.principal, &out.names.key_id, &out.names.issuer})
    *text = from.text();
  const bool has_issue = from.byte() != 0;
  const auto issued_at = static_cast<UnixSeconds>(from.number());
  if (has_issue) out.names.issued_at = issued_at;
  if (!from.done()) return std::nullopt;
  if (who == static_cast<std::uint8_t>(Authenticator::password))
    out.authenticator = Authenticator::password;
  else if (who == static_cast<std::uint8_t>(Authenticator::jwt))
    out.authenticator = Authenticator::jwt;
  std::optional<TopicRights> read = TopicRights::from_record(rights);
  if (!read) return std::nullopt;
  out.rights = std::make_shared<const SharedRights>(std::move(*read));
  out.ends_at = stored.ends_at;
  out.at_ms = stored.at_ms;
  return out;
}

}  // namespace sallyport::daemon
