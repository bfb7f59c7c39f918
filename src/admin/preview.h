// Preview: what other settings would have said to an attempt that was judged before. A
// kept decision holds no secret, so not everything can be judged again: what was not
// looked at then, or is not kept, is said to be so and never guessed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/settings.h"
#include "crypto/kept_digest.h"
#include "store/audit_store.h"

namespace sallyport {

struct Rejudged {
  enum class Kind : std::uint8_t { unchanged, refused, admitted, unknown } kind = Kind::unchanged;
  std::string reason;  // of a refusal; of an admission: what kept it out before
  std::string cause;   // unknown: why it can't be judged
};

// `steps`: the row's, parsed. `before` is what it was judged with, as far as is known: the law of now. `digest`: the
// one under which claims are kept; nothing: there is none, or it cannot be read.
Rejudged judge_again(const AuditRow& row, const nlohmann::json& steps, const Settings& before, const Settings& after,
                     const KeptDigest* digest);

}  // namespace sallyport
