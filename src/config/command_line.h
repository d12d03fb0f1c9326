// The command line: which command, with which settings (contract, section 10). Nothing here starts
// anything: main() runs what parse_command_line() returns, and exits 2 with the one line of its
// refusal.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "config/load.h"
#include "config/settings.h"

namespace config {

// presenced [serve] [--config FILE] [--SETTING VALUE ...]
struct ServeCommand {
  Loaded loaded;
};

// presenced token --secret S --sub USER [--ttl 1h]: print a JWT. The secret defaults to jwt.secret;
// issuer, audience and the user claim are those of the settings.
struct TokenCommand {
  std::string secret;
  std::string user_id;
  base::Duration ttl{};
  std::string issuer;
  std::string audience;
  std::string user_claim;
};

// What `contacts` works on: a running server when `server` is not empty, otherwise data_dir.
struct ContactsTarget {
  std::string server;   // base URL
  std::string api_key;  // not empty when `server` is not
  std::string data_dir;
};

enum class ContactsFormat : uint8_t { kJson, kNdjson, kCsv };

// presenced contacts import FILE [--one-way]; its name ends in
// .json, .ndjson or .csv.
struct ContactsImportCommand {
  std::string file;
  bool mutual = true;
  ContactsTarget target;
};

// presenced contacts export [--format json|ndjson|csv]
struct ContactsExportCommand {
  ContactsFormat format = ContactsFormat::kJson;
  ContactsTarget target;
};

// presenced check-config: `toml` is what to print, with secrets masked, once what the caller knows
// of (such as keys) has been checked too.
struct CheckConfigCommand {
  Loaded loaded;
  std::string toml;
};

// --help, --version and the like: print `text` to standard output and exit 0.
struct PrintCommand {
  std::string text;
};

using CommandLine = std::variant<ServeCommand, TokenCommand, ContactsImportCommand,
                                 ContactsExportCommand, CheckConfigCommand, PrintCommand>;

// `arguments` without the program's name.
[[nodiscard]] base::Result<CommandLine> parse_command_line(std::span<const std::string> arguments,
                                                           const Environment& environment);

// `0.1.0`
[[nodiscard]] std::string_view version();

}  // namespace config
