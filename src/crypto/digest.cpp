#include "crypto/digest.h"

#include "crypto/sha2_context.h"

namespace sallyport {
namespace {
template <class State>
Digest run(std::string_view input) noexcept {
  State state;
  state.update(input.data(), input.size());
  Digest out;
  out.size = State::kSize;
  state.finish(out.bytes.data());
  return out;
}
}  // namespace

Digest digest(Hash h, std::string_view input) noexcept {
  switch (h) {
    case Hash::sha256:
      return run<Sha256State>(input);
    case Hash::sha384:
      return run<Sha384State>(input);
    case Hash::sha512:
      return run<Sha512State>(input);
  }
  return {};
}

std::string sha256(std::string_view input) { return std::string(digest(Hash::sha256, input).view()); }

}  // namespace sallyport
