#include "cli/source_check.h"

#include <algorithm>

#include "cli/output.h"
#include "engine/seat_keys.h"

namespace sallyport::cli {

std::vector<ExaminedSource> examine_sources(const Settings& settings) {
  const SystemClock clock;
  std::vector<ExaminedSource> out;
  for (const KeySourceSettings& source : key_sources_of(settings.jwt)) {
    const bool discover = source.url.empty();
    const std::string& address = discover ? source.discovery_issuer : source.url;
    out.push_back({source.name, shown_url(address), examine_source(address, discover, *source.options, clock)});
  }
  return out;
}

std::vector<Error> source_warnings(const Settings& settings) {
  std::vector<Error> out;
  for (const ExaminedSource& one : examine_sources(settings)) {
    const auto& steps = one.report.steps;
    const auto fault = std::find_if(steps.begin(), steps.end(), [](const DoctorStep& s) { return !s.good; });
    if (fault == steps.end()) continue;
    out.push_back(invalid("no keys can be had from " + printable(one.address) + " now: " + fault->what + ": " +
                              fault->cause + (fault->found.empty() ? "" : " (" + printable(fault->found) + ")"),
                          fault->cure, one.name.empty() ? "[jwt]" : "issuer " + one.name));
  }
  return out;
}

}  // namespace sallyport::cli
