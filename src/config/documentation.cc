// Texts for people that are made from the table: the effective configuration and docs/settings.md.
#include <fmt/format.h>

#include "config/setting_table.h"
#include "config/values.h"

namespace config {
namespace {

constexpr std::string_view kMask = "********";

std::string_view group_of(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

std::string shown_value(const Setting& setting, const Settings& settings, Secrets secrets) {
  if (setting.secret() && secrets == Secrets::kMasked && is_set(setting, settings))
    return fmt::format("\"{}\"", kMask);
  return toml_literal(setting, settings);
}

constexpr std::string_view kIntroduction = R"(# Settings

<!-- Generated from src/config/setting_table.cc: `presenced settings --markdown > docs/settings.md` -->

Every setting can be given in three ways, under one name:

| where | example | wins over |
|---|---|---|
| flag | `--auth-mode jwt` | environment, file |
| environment | `PRESENCED_AUTH_MODE=jwt` | file |
| TOML file, named by `--config FILE` or `PRESENCED_CONFIG` | `[auth]` `mode = "jwt"` | |

- A **duration** is a number with a unit: `500ms`, `30s`, `5m`, `1h`, `30d`. `0` needs no unit.
- A **list** is an array in TOML (`["https://a.example", "https://b.example"]`) and separated by
  commas as flag and in the environment.
- A **secret** may be given as `@FILE`: it is then the content of that file, without the newline at
  its end. It never appears in a message or in the output of `check-config`. What begins with `@` is
  always taken for the name of a file, and shown as such when that cannot be read.
- A **file** is read at start, relative to the directory the server is started in.
- As a flag, `true` may be left out: `--deflate`. Of a flag given twice the last one counts.
- An empty environment variable counts as not set.

A wrong value, an unknown name or an unreadable file ends the start with one line that names where it
stands, and exit code 2. `presenced check-config` does all of this without starting, and prints the
settings in effect as TOML, each with where it came from.
)";

constexpr std::string_view kTokenNotes = R"(
Tokens are accepted if they are signed with HS256, HS384 or HS512 (`jwt.secret`), or with RS256, PS256,
ES256 or EdDSA (`jwt.key_file`); which of them is decided by the kind of key, never by the token alone.
RSA keys have at least 2048 bits. A `kid` in the token selects among the keys of a JWK Set. `exp` and
`nbf` are checked with 5 s of leeway, and a token without `exp` does not expire. Tokens with a `crit`
header, with another `typ` than `JWT` or `at+jwt`, with one of these members given twice, or of more
than 8 KiB are refused. Certificates are only read for their key: their dates are not checked.
)";

std::string escape_cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string row(const Setting& setting) {
  const std::string standard = setting.default_value.empty()
                                   ? "not set"
                                   : fmt::format("`{}`", escape_cell(setting.default_value));
  std::string description(setting.description);
  if (!is_available(setting.feature)) description += " Not in this version.";
  return fmt::format("| `{}` | {} | {} | {} |\n", setting.name, type_name(setting), standard,
                     description);
}

}  // namespace

std::string to_toml(const Settings& settings, Secrets secrets, const Origins& origins) {
  std::string out;
  std::string_view group;
  for (const Setting& setting : setting_table()) {
    if (!is_available(setting.feature)) continue;
    if (group_of(setting.name) != group) {
      group = group_of(setting.name);
      out += fmt::format("\n[{}]\n", group);
    }
    const std::string_view key = setting.name.substr(group.empty() ? 0 : group.size() + 1);
    out += fmt::format("{} = {}", key, shown_value(setting, settings, secrets));
    if (const auto origin = origins.find(setting.name); origin != origins.end())
      out += fmt::format("  # {}", origin->second);
    out += '\n';
  }
  return out;
}

std::string settings_markdown() {
  std::string out(kIntroduction);
  std::string_view group = "none yet";
  for (const Setting& setting : setting_table()) {
    if (group_of(setting.name) != group) {
      if (group == "jwt") out += kTokenNotes;
      group = group_of(setting.name);
      out += fmt::format("\n## {}\n\n| name | type | default | what it is |\n|---|---|---|---|\n",
                         group.empty() ? "server" : group);
    }
    out += row(setting);
  }
  return out;
}

}  // namespace config
