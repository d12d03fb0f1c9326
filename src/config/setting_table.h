// The table of settings: the single source of their names, types, defaults and descriptions.
// Everything else (flags, environment, TOML, help, check-config, docs/settings.md) is derived.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.h"

namespace config {

// The part of the product a setting belongs to; features.cc says which are not in this version.
enum class Feature : uint8_t {
  kCore,
  kHttpAuth,
  kJwksUrl,
  kHttpContacts,
  kPostgres,
  kRedis,
  kWebhooks
};

[[nodiscard]] bool is_available(Feature feature);
[[nodiscard]] std::string_view feature_name(Feature feature);  // as in `X is not in this version`

// A place in a Settings, by type.
using Slot = std::variant<std::string*, bool*, int64_t*, base::Duration*, Endpoint*,
                          std::optional<Endpoint>*, std::vector<std::string>*,
                          std::vector<net::AddressRange>*, AuthMode*, ContactsSource*,
                          HeartbeatSource*, ManualOffline*, LogLevel*, LogFormat*>;

// How a string is looked at further.
enum class Text : uint8_t {
  kPlain,
  kSecret,    // may be `@FILE`; masked when shown
  kFile,      // a path that must be readable at start
  kHttpPath,  // begins with '/'; a missing '/' at the end is added
  kNodeId,    // 1 to 64 letters, digits, '.', '_', '-'
};

struct Setting {
  std::string_view name;           // as in the contract
  std::string_view default_value;  // as a flag would give it; empty: not set
  std::string_view description;    // one sentence
  Slot (*slot)(Settings&);
  Text text = Text::kPlain;  // strings only
  int64_t min = 0;           // integers, and durations in milliseconds
  int64_t max = 0;
  std::string_view zero_word = {};  // integers: a word for 0, as in `auto`
  Feature feature = Feature::kCore;

  [[nodiscard]] bool secret() const { return text == Text::kSecret; }
};

[[nodiscard]] std::span<const Setting> setting_table();
[[nodiscard]] const Setting* find_setting(std::string_view name);

[[nodiscard]] std::string environment_name(std::string_view setting);  // PRESENCED_AUTH_MODE
[[nodiscard]] std::string flag_name(std::string_view setting);         // --auth-mode

// The spellings of a choice, in the order of its enumerators.
std::span<const std::string_view> choice_names(AuthMode);
std::span<const std::string_view> choice_names(ContactsSource);
std::span<const std::string_view> choice_names(HeartbeatSource);
std::span<const std::string_view> choice_names(ManualOffline);
std::span<const std::string_view> choice_names(LogLevel);
std::span<const std::string_view> choice_names(LogFormat);

[[nodiscard]] Settings default_settings();

// Setting name -> where its value came from (`presenced.toml:12`, `PRESENCED_X`, `--x`); a setting
// at its default is absent.
using Origins = std::map<std::string, std::string, std::less<>>;

// The settings as a TOML file that, with secrets shown, loads to the same settings. Where a value
// came from stands behind it as a comment.
enum class Secrets : uint8_t { kMasked, kShown };
[[nodiscard]] std::string to_toml(const Settings& settings, Secrets secrets,
                                  const Origins& origins = {});

// The text of docs/settings.md.
[[nodiscard]] std::string settings_markdown();

}  // namespace config
