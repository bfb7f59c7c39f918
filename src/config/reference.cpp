// The default file and docs/configuration.md, made from the schema.
#include <fmt/format.h>

#include "config/load.h"
#include "config/schema.h"

namespace sallyport {
namespace {

constexpr std::string_view kDefaultHead =
    "# Settings of Sallyport. A line of the form \"#name = value\" shows a setting and does nothing until its # is "
    "taken off.\n"
    "# A setting that this file names is pinned by it. One that it leaves out has the value of the store's current\n"
    "# revision, once there is one (sallyport config import), else its default.\n"
    "# Durations are whole seconds, minutes, hours or days: \"30s\", \"5m\", \"2h\", \"7d\". Relative paths start "
    "here.\n"
    "# Check this file with: sallyport config check --config FILE\n";

constexpr std::string_view kReferenceHead =
    "# Settings\n\n"
    "<!-- Made by `sallyport config reference` from src/config/schema.cpp; a test compares the two. -->\n\n"
    "Sallyport reads one TOML file. `sallyport config default` prints it with every setting and its default,\n"
    "`sallyport config check --config FILE` finds every fault in it, each with its place, cause and mend, and\n"
    "`sallyport config show --config FILE` says for each value where it is from.\n\n"
    "**Who is the law.** A setting that the file names is pinned by it. One that the file leaves out has the value of "
    "the\n"
    "store's current revision, once there is one (`sallyport config import` makes a revision out of a file), else its\n"
    "default. An unknown name is an error, so a misspelt setting is never silently ignored.\n\n"
    "**Forms.** Durations are whole seconds, minutes, hours or days: `\"30s\"`, `\"5m\"`, `\"2h\"`, `\"7d\"`. Relative "
    "paths start at\n"
    "the folder of the settings file. Files with secrets should be readable by the broker's user alone.\n";

void for_each_line(std::string_view text, const auto& use) {
  while (true) {
    const std::size_t end = text.find('\n');
    use(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::string assignment(const Setting& setting, std::string_view value, std::string_view before) {
  std::string out;
  for_each_line(fmt::format("{} = {}", setting.key(), value),
                [&](std::string_view line) { out += fmt::format("{}{}\n", before, line); });
  return out;
}

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

}  // namespace

std::string default_settings_toml() {
  std::string out(kDefaultHead);
  const auto write_all_of = [&out](std::string_view section) {
    for (const Setting& setting : schema_settings()) {
      if (setting.section() != section) continue;
      out += '\n';
      for_each_line(setting.doc, [&](std::string_view line) { out += fmt::format("# {}\n", line); });
      out += fmt::format("# Type: {}.{}\n", setting.type,
                         setting.fallback.empty() ? " Not set by default; for example:" : " Default:");
      out += assignment(setting, setting.fallback.empty() ? setting.example : setting.fallback, "#");
    }
  };
  // What is in no section stands above the first: below one it would be in it.
  write_all_of({});
  for (const SectionDoc& section : schema_sections()) {
    out += fmt::format("\n# {}\n[{}]\n", section.doc, section.name);
    write_all_of(section.name);
  }
  return out;
}

std::string settings_reference_markdown() {
  std::string out(kReferenceHead);
  const auto write_all_of = [&out](std::string_view section) {
    for (const Setting& setting : schema_settings()) {
      if (setting.section() != section) continue;
      out += fmt::format("\n### {}\n\n", setting.name);
      for_each_line(setting.doc, [&](std::string_view line) { out += fmt::format("{}\n", line); });
      out += fmt::format("\n- Type: {}\n- Default: {}\n", setting.type,
                         setting.fallback.empty() ? "not set" : code(setting.fallback));
      if (setting.file_only) out += "- Only the file can set it: it is needed before the store can be read.\n";
      out += fmt::format("\n```toml\n{}{}```\n", section.empty() ? "" : fmt::format("[{}]\n", section),
                         assignment(setting, setting.example, ""));
    }
  };
  for (const SectionDoc& section : schema_sections()) {
    out += fmt::format("\n## [{}]\n\n{}\n", section.name, section.doc);
    write_all_of(section.name);
  }
  out +=
      "\n## Above every section\n\nLists of tables that stand for themselves, above the first section or below all of "
      "them as `[[name]]`.\n";
  write_all_of({});
  return out;
}

}  // namespace sallyport
