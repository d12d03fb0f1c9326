// Loading the settings: flags over environment over file over defaults (contract, section 10).
//
// Every refusal is one line that begins with its source, as in
//     presenced.toml:12: auth.mode must be one of jwt, http, insecure, not `jtw`; did you mean
//     `jwt`? PRESENCED_PING_INTERVAL: ping_interval ...
//     --listen: listen ...
// and never contains the value of a secret. Reads files when asked to (the TOML file, `@FILE`); at
// start only, from one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/setting_table.h"
#include "config/settings.h"

namespace config {

// The process's environment, handed in so that tests can make one up.
using Environment = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] Environment environment_from(const char* const* environ_block);

// Flags as given on the command line: the setting's name (not the flag's) and its text.
using FlagValues = std::vector<std::pair<std::string, std::string>>;

struct Sources {
  std::string file;  // path of the TOML file; empty: none
  Environment environment;
  FlagValues flags;
};

// Whether the settings have to make sense as a whole. A command that only needs a few of them (such
// as `token`) does not.
enum class Check { kValuesOnly, kCombinations };

struct Loaded {
  Settings settings;
  // One sentence each, for the log.
  std::vector<std::string> warnings;
  Origins origins;

  // `presenced.toml:12: listen`, or only `listen` for a default: the beginning of a line about a
  // setting that turned out wrong later (a port in use, a key that does not parse).
  [[nodiscard]] std::string label(std::string_view setting) const;
};

[[nodiscard]] base::Result<Loaded> load(const Sources& sources, Check check);

// What has to hold between settings; the first violation. Part of load().
[[nodiscard]] base::Result<void> check_combinations(const Loaded& loaded);

// The whole file. Refuses (kInvalidArgument, `cannot read FILE: reason`) what cannot be read, is a
// directory, or is larger than 64 MiB.
[[nodiscard]] base::Result<std::string> read_file(const std::string& path);

}  // namespace config
