#include "config/toml_source.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <algorithm>

namespace config {
namespace {

std::string origin_of(const std::string& file, const toml::source_region& source) {
  return fmt::format("{}:{}", file, source.begin.line);
}

RawValue raw_value(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* truth = node.as_boolean()) return truth->get();
  const toml::array* array = node.as_array();
  if (array == nullptr) return OtherTomlType{};
  std::vector<std::string> items;
  for (const toml::node& item : *array) {
    if (!item.is_string()) return OtherTomlType{};
    items.push_back(item.as_string()->get());
  }
  return items;
}

// A table without entries is an entry itself, so that a mistyped one does not go unnoticed. Tables
// are nested at most as deep as the parser allows.
void flatten(const toml::table& table, const std::string& prefix, const std::string& file,
             std::vector<TomlEntry>& entries) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    const toml::table* inner = node.as_table();
    if (inner != nullptr && !inner->empty()) {
      flatten(*inner, name + '.', file, entries);
    } else {
      entries.push_back({name, raw_value(node), origin_of(file, node.source())});
    }
  }
}

}  // namespace

base::Result<std::vector<TomlEntry>> read_toml(std::string_view text, const std::string& file) {
  try {
    const toml::table table = toml::parse(text, file);
    std::vector<TomlEntry> entries;
    flatten(table, "", file, entries);
    return entries;
  } catch (const toml::parse_error& error) {
    std::string why(error.description());
    std::replace(why.begin(), why.end(), '\n', ' ');
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("{}: {}", origin_of(file, error.source()), why));
  }
}

}  // namespace config
