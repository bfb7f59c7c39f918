#include "admin/setting_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "codec/base64url.h"

namespace sallyport {
namespace {

using nlohmann::json;
constexpr const char* kMark = "$set";
constexpr std::size_t kMaxDepth = 16;

// Which texts below a setting with secrets are secret themselves: the value of a plain one, the named members of an
// issuer, and every header.
enum class Part : std::uint8_t { open, secret, of_issuer, headers };

Part part_at_top(const Setting& setting) {
  if (!setting.secret) return Part::open;
  if (setting.name == "jwt.issuers") return Part::of_issuer;
  return setting.name == "jwt.jwks_headers" ? Part::headers : Part::secret;
}
Part part_at_top(const TomlNode& node) {
  if (node.type == TomlType::list) return Part::of_issuer;
  return node.type == TomlType::table && !node.find("env") && !node.find("file") && !node.find("sealed") ? Part::headers
                                                                                                         : Part::secret;
}
Part part_of_member(Part parent, std::string_view key) {
  switch (parent) {
    case Part::open:
      return Part::open;
    case Part::headers:
      return Part::secret;
    case Part::of_issuer:
      if (key == "jwks_headers") return Part::headers;
      return key == "secret" || key == "secret_base64" ? Part::secret : Part::open;
    case Part::secret:
      return Part::secret;
  }
  return Part::secret;
}

// Where a secret comes from may be seen: { env = "NAME" }, { file = "path" }.
bool names_its_place(const TomlNode& node) {
  return node.type == TomlType::table && node.members.size() == 1 &&
         (node.members[0].key == "env" || node.members[0].key == "file");
}

json shown(const TomlNode& node, Part part) {
  if (part == Part::secret && !names_its_place(node)) return set_mark();
  switch (node.type) {
    case TomlType::text:
    case TomlType::time:
      return node.text;
    case TomlType::fraction:
      return json::parse(node.text, nullptr, false).is_discarded() ? json(node.text) : json::parse(node.text);
    case TomlType::integer:
      return node.integer;
    case TomlType::boolean:
      return node.boolean;
    case TomlType::list: {
      json out = json::array();
      for (const TomlNode& item : node.items) out.push_back(shown(item, part));
      return out;
    }
    case TomlType::table: {
      json out = json::object();
      for (const TomlMember& member : node.members) {
        const Part inner = part == Part::secret ? Part::open : part_of_member(part, member.key);
        out[member.key] = shown(member.value, inner);
      }
      return out;
    }
  }
  return nullptr;
}

TomlNode masked(const TomlNode& node, Part part) {
  TomlNode out = node;
  if (part == Part::secret && !names_its_place(node)) {
    out = {};
    out.type = TomlType::text;
    out.text = "(set)";
    return out;
  }
  for (TomlNode& item : out.items) item = masked(item, part);
  for (TomlMember& member : out.members)
    member.value = masked(member.value, part == Part::secret ? Part::open : part_of_member(part, member.key));
  return out;
}

bool is_mark(const json& value) { return value.is_object() && value.size() == 1 && value.contains(kMark); }

TomlNode text_node(std::string text) {
  TomlNode out;
  out.type = TomlType::text;
  out.text = std::move(text);
  return out;
}

Result<TomlNode> sealed_node(std::string_view secret, const Sealer* sealer) {
  if (!sealer)
    return unexpected(invalid("secrets are kept sealed, and there is no key to seal with",
                              "set key_file under [store] in the settings file: sallyport config seal-key FILE"));
  TomlNode out;
  out.type = TomlType::table;
  out.members.push_back({"sealed", {}, text_node(encode_base64url(sealer->seal(secret)))});
  return out;
}

bool is_sealed_of(const TomlNode* before, std::string_view secret, const Sealer* sealer) {
  const TomlNode* text = before && sealer ? before->find("sealed") : nullptr;
  const std::optional<std::string> bytes = text ? decode_base64url(text->text) : std::nullopt;
  const std::optional<Secret> opened = bytes ? sealer->open(*bytes) : std::nullopt;
  return opened && opened->view() == secret;
}

Result<std::size_t> seal(TomlNode& node, Part part, const TomlNode* before, const Sealer* sealer) {
  if (part == Part::secret) {
    if (node.type != TomlType::text) return std::size_t{0};  // its place, or sealed already
    Result<TomlNode> sealed =
        is_sealed_of(before, node.text, sealer) ? Result<TomlNode>(*before) : sealed_node(node.text, sealer);
    if (!sealed) return unexpected(sealed.error());
    wipe(node.text);
    node = std::move(*sealed);
    return std::size_t{1};
  }
  std::size_t count = 0;
  for (TomlNode& item : node.items) {
    const TomlNode* was = nullptr;
    if (const TomlNode* name = item.find("name"); name && before)
      for (const TomlNode& one : before->items)
        if (const TomlNode* other = one.find("name"); other && other->text == name->text) was = &one;
    const Result<std::size_t> sealed = seal(item, part, was, sealer);
    if (!sealed) return sealed;
    count += *sealed;
  }
  for (TomlMember& member : node.members) {
    const Result<std::size_t> sealed =
        seal(member.value, part_of_member(part, member.key), before ? before->find(member.key) : nullptr, sealer);
    if (!sealed) return sealed;
    count += *sealed;
  }
  return count;
}

class Maker {
 public:
  Maker(const Sealer* sealer, bool seals) : sealer_(sealer), seals_(seals) {}

  Result<TomlNode> make(const json& value, Part part, const TomlNode* before, std::size_t depth = 0) const {
    if (depth > kMaxDepth) return unexpected(invalid("tables or lists stand inside each other too deep"));
    if (is_mark(value)) {
      if (!before) return unexpected(invalid("there is no secret to keep", "give the secret itself"));
      return *before;
    }
    if (value.is_string()) return text(value.get<std::string>(), part);
    TomlNode out;
    if (value.is_boolean()) {
      out.type = TomlType::boolean;
      out.boolean = value.get<bool>();
      return out;
    }
    if (value.is_number_integer()) {
      if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
        return unexpected(invalid("the number is too large"));
      out.type = TomlType::integer;
      out.integer = value.get<std::int64_t>();
      return out;
    }
    if (value.is_number_float()) {
      out.type = TomlType::fraction;
      out.text = value.dump();
      return out;
    }
    if (value.is_array()) return list(value, part, before, depth);
    if (value.is_object()) return table(value, part, before, depth);
    return unexpected(invalid("null stands where a value belongs", "leave it out"));
  }

 private:
  Result<TomlNode> text(std::string given, Part part) const {
    if (part != Part::secret || !seals_) return text_node(std::move(given));
    Result<TomlNode> out = sealed_node(given, sealer_);
    wipe(given);
    return out;
  }

  // What is kept of an item is the one's of the same name, else of the same place.
  static const TomlNode* counterpart(const json& item, std::size_t index, const TomlNode* before) {
    if (!before || before->type != TomlType::list) return nullptr;
    if (item.is_object() && item.contains("name") && item["name"].is_string()) {
      for (const TomlNode& one : before->items)
        if (const TomlNode* name = one.find("name"); name && name->text == item["name"].get<std::string>()) return &one;
      return nullptr;
    }
    return index < before->items.size() ? &before->items[index] : nullptr;
  }

  Result<TomlNode> list(const json& value, Part part, const TomlNode* before, std::size_t depth) const {
    TomlNode out;
    out.type = TomlType::list;
    for (std::size_t i = 0; i < value.size(); ++i) {
      Result<TomlNode> item = make(value[i], part, counterpart(value[i], i, before), depth + 1);
      if (!item) return item;
      out.items.push_back(std::move(*item));
    }
    return out;
  }

  Result<TomlNode> table(const json& value, Part part, const TomlNode* before, std::size_t depth) const {
    TomlNode out;
    out.type = TomlType::table;
    for (const auto& [key, member] : value.items()) {
      if (member.is_null()) continue;
      const Part inner = part == Part::secret ? Part::open : part_of_member(part, key);
      const TomlNode* was = before && before->type == TomlType::table ? before->find(key) : nullptr;
      Result<TomlNode> made = make(member, inner, was, depth + 1);
      if (!made) return made;
      out.members.push_back({key, {}, std::move(*made)});
    }
    return out;
  }

  const Sealer* sealer_;
  bool seals_;
};

}  // namespace

json set_mark() { return json{{kMark, true}}; }

json to_json(const TomlNode& node, bool has_secrets) {
  return shown(node, has_secrets ? part_at_top(node) : Part::open);
}

std::string to_shown_toml(const TomlNode& node, bool has_secrets) {
  const TomlNode out = masked(node, has_secrets ? part_at_top(node) : Part::open);
  return out.type == TomlType::text && out.text == "(set)" ? "(set)" : to_toml(out);
}

Result<TomlNode> to_toml_node(const json& value, const Setting& setting, const TomlNode* before, const Sealer* sealer) {
  return Maker(sealer, true).make(value, part_at_top(setting), before);
}
Result<std::size_t> seal_secrets(TomlNode& value, const Setting& setting, const TomlNode* before,
                                 const Sealer* sealer) {
  return seal(value, part_at_top(setting), before, sealer);
}
Result<TomlNode> to_toml_draft(const json& value, const Setting& setting, const TomlNode* before) {
  return Maker(nullptr, false).make(value, part_at_top(setting), before);
}

}  // namespace sallyport
