// The key sources of a settings file, examined by the doctor.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "config/settings.h"
#include "net/doctor.h"

namespace sallyport::cli {

struct ExaminedSource {
  std::string name;     // the issuer's; "" for [jwt]
  std::string address;  // as people may see it
  DoctorReport report;
};
std::vector<ExaminedSource> examine_sources(const Settings& settings);
// A warning for each source that no keys can be had from now: "cause", with the doctor's cure. The settings are good
// all the same.
std::vector<Error> source_warnings(const Settings& settings);

}  // namespace sallyport::cli
