#pragma once

#include <CLI/CLI.hpp>

namespace sallyport::cli {

void add_convert_command(CLI::App& config);  // config convert

}  // namespace sallyport::cli
