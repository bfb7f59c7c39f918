#include "daemon/route.h"

namespace sallyport::daemon {
namespace {

// Takes "/segment" off the front.
std::string_view take_segment(std::string_view& path) noexcept {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

Route route_of(std::string_view path) noexcept {
  Route out;
  if (!path.starts_with('/')) return out;
  std::string_view segment = take_segment(path);
  if (segment == "k" && path.starts_with('/')) {
    out.path_secret = take_segment(path);
    if (!path.starts_with('/')) return out;
    segment = take_segment(path);
  }
  if (segment == "health") {
    if (path == "/alive") out.kind = Route::Kind::alive;
    if (path == "/ready") out.kind = Route::Kind::ready;
    return out;
  }
  const std::optional<Contract> contract = contract_from_name(segment);
  if (!contract) return out;
  out.kind = Route::Kind::contract;
  out.contract = *contract;
  if (path.starts_with('/')) path.remove_prefix(1);
  out.endpoint = path;
  return out;
}

}  // namespace sallyport::daemon
