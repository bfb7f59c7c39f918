// The text of a password hash, from a store, an import or a line of a password file. What costs too much to check is
// refused before it costs; what is taken is written out as the same hash.
#include <string>
#include <string_view>

#include "promise.h"
#include "users/hash_form.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

void look(std::string_view text) {
  const auto form = parse_hash(text);
  promise(check_hash(text).has_value() == form.has_value(), "one reader of hashes");
  is_weak_hash(text);
  if (!form) {
    promise(!form.error().cause.empty(), "a refused hash has a cause");
    promise(!verify_password(text, "password"), "what cannot be read is nobody's password");
    return;
  }
  promise(text.size() <= kMaxHashText, "a hash is short");
  promise(!describe(*form).empty(), "a hash has words for people");
  switch (form->kind) {
    case HashKind::argon2:
      promise(form->memory_kib <= kMaxArgon2Kib && form->lanes <= kMaxArgon2Lanes &&
                  std::uint64_t{form->memory_kib} * form->passes <= kMaxArgon2KibPasses,
              "argon2 within its caps");
      return;
    case HashKind::bcrypt:
      promise(form->bcrypt_cost <= kMaxBcryptCost, "bcrypt within its cap");
      return;
    case HashKind::pbkdf2:
      promise(form->iterations > 0 && form->iterations <= kMaxPbkdf2Iterations, "pbkdf2 within its cap");
      break;
    case HashKind::plain:
    case HashKind::digest:
      break;
  }
  const std::string written = to_text(*form);
  const auto again = parse_hash(written);
  promise(again.has_value() && to_text(*again) == written, "a hash that is written can be read");
  promise(again->kind == form->kind && again->digest == form->digest && again->position == form->position &&
              again->iterations == form->iterations && again->salt == form->salt && again->hash == form->hash,
          "and is the same hash");
  if (form->iterations > 100) return;
  promise(verify_password(written, "password") == verify_password(text, "password"), "and the same password's");
  if (form->kind == HashKind::plain) {
    // The password of a plain one is what stands there, salt and all.
    const bool whole = form->position == SaltPosition::none || form->salt.empty();
    if (whole && !form->hash.empty()) promise(verify_password(text, form->hash), "a plain hash is its password");
  }
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::look({reinterpret_cast<const char*>(data), size});
  return 0;
}
