#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/reason.h"
#include "cli/command.h"
#include "cli/output.h"
#include "config/load.h"

namespace sallyport::cli {
namespace {

void print_json() {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ReasonEntry& e : kReasons)
    list.push_back({{"name", e.name}, {"class", name(e.cls)}, {"text", e.text}, {"mend", e.mend}});
  std::puts(list.dump(2).c_str());
}

void print_text() {
  std::string out;
  for (std::size_t c = 0; c <= static_cast<std::size_t>(ReasonClass::unavailable); ++c) {
    const auto cls = static_cast<ReasonClass>(c);
    out += fmt::format("{}{}: {}\n", c ? "\n" : "", name(cls), reason_class_text(cls));
    for (const ReasonEntry& e : kReasons) {
      if (e.cls != cls) continue;
      out += fmt::format("  {:<24}{}\n", e.name, e.text);
      if (!e.mend.empty()) out += fmt::format("  {:<24}what to do: {}\n", "", e.mend);
    }
  }
  std::fputs(out.c_str(), stdout);
}

}  // namespace

void add_reasons_command(CLI::App& app) {
  struct Options {
    bool json = false, markdown = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* reasons = app.add_subcommand("reasons", "list every reason that a decision can have, with what to do");
  auto* json = reasons->add_flag("--json", options->json, "one JSON array");
  reasons->add_flag("--markdown", options->markdown, "docs/reasons.md")->excludes(json);
  reasons->footer("Example:\n  sallyport reasons");
  reasons->callback([options] {
    if (options->json)
      print_json();
    else if (options->markdown)
      std::fputs(reasons_reference_markdown().c_str(), stdout);
    else
      print_text();
  });
}

}  // namespace sallyport::cli
