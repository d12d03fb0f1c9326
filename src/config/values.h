// Values of settings: from what a source gave to a typed member, and back to text.
// Internal to config.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/setting_table.h"

namespace config {

// The text of a flag or an environment variable, which still has to be understood by the setting's
// type. A TOML file knows types of its own, and they have to fit.
struct FreeText {
  std::string text;
};
struct OtherTomlType {};  // a float, a date, an array of something else than strings
using RawValue =
    std::variant<FreeText, std::string, int64_t, bool, std::vector<std::string>, OtherTomlType>;

// Puts `value` into the setting's member. The refusal (kInvalidArgument) begins with the setting's
// name, is one line, and does not show the value of a secret. Reads the file of an `@FILE`.
[[nodiscard]] base::Result<void> assign(const Setting& setting, const RawValue& value,
                                        Settings& settings);

// The value as TOML writes it: `"jwt"`, `25`, `["*"]`.
[[nodiscard]] std::string toml_literal(const Setting& setting, const Settings& settings);

// Whether a value of the setting that is not its type's "nothing" is there.
[[nodiscard]] bool is_set(const Setting& setting, const Settings& settings);

// What the type of the setting is called in the documentation.
[[nodiscard]] std::string type_name(const Setting& setting);

// `500ms`, `30s`, `5m`, `1h`, `30d`, and `0`.
[[nodiscard]] std::optional<base::Duration> parse_duration(std::string_view text);
[[nodiscard]] std::string format_duration(base::Duration duration);
constexpr std::string_view kDurationExamples = "a duration such as 500ms, 30s, 5m, 1h or 30d";

// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);

// A secret given as itself or as `@FILE`, without one newline at that file's end.
[[nodiscard]] base::Result<std::string> resolve_secret(std::string_view text);

// The part of the product that a choice needs.
[[nodiscard]] Feature feature_of(AuthMode mode);
[[nodiscard]] Feature feature_of(ContactsSource source);

// What was given, for a message: on one line and not too long.
[[nodiscard]] std::string printable(std::string_view text);
[[nodiscard]] std::string in_backquotes(std::string_view text);

}  // namespace config
