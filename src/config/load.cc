#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/file.h"
#include "config/suggest.h"
#include "config/toml_source.h"
#include "config/values.h"

namespace config {
namespace {

constexpr std::string_view kPrefix = "PRESENCED_";
constexpr std::string_view kConfigVariable = "PRESENCED_CONFIG";

tl::unexpected<base::Error> refuse(std::string_view origin, std::string_view message) {
  return base::fail(base::ErrorCode::kInvalidArgument, fmt::format("{}: {}", origin, message));
}

// Kubernetes tells every pod of the services beside it, in variables that are named after them: a
// service `presenced` makes PRESENCED_SERVICE_HOST, PRESENCED_PORT=tcp://..., and so on. Nobody
// meant those as settings.
bool is_service_link(std::string_view name, std::string_view value) {
  for (const std::string_view part : {"_SERVICE_HOST", "_SERVICE_PORT", "_TCP", "_UDP", "_SCTP"}) {
    const std::size_t position = name.find(part);
    if (position == std::string_view::npos) continue;
    if (part.starts_with("_SERVICE")) return true;
    // PRESENCED_PORT_8080_TCP, perhaps with _ADDR, _PORT or _PROTO behind it.
    const std::string_view before = name.substr(0, position);
    const std::size_t digits = before.find_last_not_of("0123456789") + 1;
    if (digits < before.size() && before.substr(0, digits).ends_with("_PORT_")) return true;
  }
  return name.ends_with("_PORT") && value.find("://") != std::string_view::npos;
}

std::vector<std::string> available_names(std::string (*spell)(std::string_view)) {
  std::vector<std::string> names;
  for (const Setting& setting : setting_table())
    if (is_available(setting.feature)) names.push_back(spell(setting.name));
  return names;
}

base::Result<void> violated(const Loaded& loaded, std::string_view setting,
                            std::string_view message) {
  return base::fail(base::ErrorCode::kInvalidArgument,
                    fmt::format("{} {}", loaded.label(setting), message));
}

// Without a choice the source follows from the rest, so only a choice can contradict it.
base::Result<void> check_redis(const Loaded& loaded) {
  const Settings& s = loaded.settings;
  if (s.contacts.source == ContactsSource::kEmbedded && !s.redis.url.empty() &&
      loaded.origins.contains("contacts.source")) {
    return violated(loaded, "contacts.source",
                    "is embedded, which cannot be shared by the nodes of one redis.url");
  }
  if (s.contacts.source == ContactsSource::kRedis && s.redis.url.empty())
    return violated(loaded, "contacts.source", "is redis, which needs redis.url");
  if (s.redis.prefix.find_first_of("{}") != std::string::npos)
    return violated(loaded, "redis.prefix",
                    "contains a brace, which in a Redis Cluster would decide where keys are kept");
  return {};
}

std::string as_is(std::string_view name) { return std::string(name); }

class Loader {
 public:
  Loader() { loaded_.settings = default_settings(); }

  base::Result<void> read_toml_file(const std::string& path) {
    const auto text = read_file(path);
    if (!text) return tl::unexpected(text.error());
    const auto entries = read_toml(*text, path);
    if (!entries) return tl::unexpected(entries.error());
    for (const TomlEntry& entry : *entries) {
      const Setting* setting = find_setting(entry.name);
      if (setting == nullptr) {
        return refuse(entry.origin, "unknown setting " + in_backquotes(entry.name) +
                                        did_you_mean(entry.name, available_names(as_is)));
      }
      if (auto done = take(*setting, entry.value, entry.origin); !done) return done;
    }
    return {};
  }

  base::Result<void> read_environment(const Environment& environment) {
    for (const auto& [name, value] : environment) {
      // A variable that is there but empty counts as absent: files for containers pass on
      // variables that nobody set.
      if (!name.starts_with(kPrefix) || name == kConfigVariable || value.empty()) continue;
      const Setting* setting = by_environment_name(name);
      if (setting != nullptr) {
        if (auto done = take(*setting, FreeText{value}, name); !done) return done;
      } else if (!is_service_link(name, value)) {
        return refuse(printable(name),
                      "unknown setting" +
                          did_you_mean(name, available_names(environment_name), kPrefix.size()));
      }
    }
    return {};
  }

  base::Result<void> read_flags(const FlagValues& flags) {
    for (const auto& [name, text] : flags) {
      const Setting* setting = find_setting(name);
      if (setting == nullptr) return refuse(flag_name(name), "unknown setting");
      if (auto done = take(*setting, FreeText{text}, flag_name(name)); !done) return done;
    }
    return {};
  }

  base::Result<Loaded> finish() {
    Settings& s = loaded_.settings;
    if (!s.redis.url.empty() && !loaded_.origins.contains("contacts.source"))
      s.contacts.source = ContactsSource::kRedis;
    if (!unavailable_) return std::move(loaded_);
    if (auto done = check_redis(loaded_); !done) return tl::unexpected(done.error());
    return tl::unexpected(*unavailable_);
  }

 private:
  static const Setting* by_environment_name(std::string_view name) {
    for (const Setting& setting : setting_table())
      if (environment_name(setting.name) == name) return &setting;
    return nullptr;
  }

  base::Result<void> take(const Setting& setting, const RawValue& value, std::string_view origin) {
    loaded_.origins[std::string(setting.name)] = origin;
    const auto done = assign(setting, value, loaded_.settings);
    if (done) return {};
    const auto refusal = refuse(origin, done.error().message);
    if (is_available(setting.feature)) return refusal;
    // Said at the end: settings that contradict each other in any version are the better answer.
    if (!unavailable_) unavailable_ = refusal.value();
    Setting known = setting;
    known.feature = Feature::kCore;
    (void)assign(known, value, loaded_.settings);
    return {};
  }

  std::optional<base::Error> unavailable_;
  Loaded loaded_;
};

base::Result<void> check_files(const Loaded& loaded) {
  const Settings& s = loaded.settings;
  const std::array<std::pair<std::string_view, const std::string*>, 4> files{
      {{"jwt.key_file", &s.jwt.key_file},
       {"contacts.file", &s.contacts.file},
       {"tls.cert", &s.tls.cert},
       {"tls.key", &s.tls.key}}};
  for (const auto& [name, path] : files) {
    if (path->empty()) continue;
    if (const auto readable = check_readable(*path); !readable)
      return refuse(loaded.label(name), readable.error().message);
  }
  return {};
}

void add_warnings(Loaded& loaded) {
  constexpr std::size_t kShortestSecret = 32;  // of HS256: as long as its hash (RFC 7518, 3.2)
  constexpr std::size_t kShortestApiKey = 16;
  const Settings& s = loaded.settings;
  if (!s.jwt.secret.empty() && s.jwt.secret.size() < kShortestSecret) {
    loaded.warnings.push_back(
        fmt::format("{} is shorter than 32 bytes, so that it can be guessed from a token",
                    loaded.label("jwt.secret")));
  }
  if (!s.api_key.empty() && s.api_key.size() < kShortestApiKey)
    loaded.warnings.push_back(fmt::format("{} is shorter than 16 bytes, so that it can be guessed",
                                          loaded.label("api_key")));
  if (s.auth.mode == AuthMode::kInsecure)
    loaded.warnings.push_back(fmt::format("{} is insecure: every client is whom it says it is",
                                          loaded.label("auth.mode")));
}

}  // namespace

Environment environment_from(const char* const* environ_block) {
  Environment environment;
  for (; environ_block != nullptr && *environ_block != nullptr; ++environ_block) {
    const std::string_view entry(*environ_block);
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

std::string Loaded::label(std::string_view setting) const {
  const auto origin = origins.find(setting);
  return origin == origins.end() ? std::string(setting)
                                 : fmt::format("{}: {}", origin->second, setting);
}

base::Result<Loaded> load(const Sources& sources, Check check) {
  Loader loader;
  if (!sources.file.empty()) {
    if (auto done = loader.read_toml_file(sources.file); !done) return tl::unexpected(done.error());
  }
  if (auto done = loader.read_environment(sources.environment); !done)
    return tl::unexpected(done.error());
  if (auto done = loader.read_flags(sources.flags); !done) return tl::unexpected(done.error());
  auto loaded = loader.finish();
  if (!loaded || check == Check::kValuesOnly) return loaded;
  if (auto done = check_combinations(*loaded); !done) return tl::unexpected(done.error());
  if (auto done = check_files(*loaded); !done) return tl::unexpected(done.error());
  add_warnings(*loaded);
  return loaded;
}

base::Result<void> check_combinations(const Loaded& loaded) {
  const Settings& s = loaded.settings;
  if (s.auth.mode == AuthMode::kJwt && s.jwt.secret.empty() && s.jwt.key_file.empty() &&
      s.jwt.jwks_url.empty()) {
    return violated(loaded, "auth.mode",
                    "is jwt, which needs jwt.secret or jwt.key_file (to try things out there is "
                    "--auth-mode insecure)");
  }
  if (s.auth.mode == AuthMode::kInsecure && !s.listen.address.is_loopback() &&
      !s.i_know_this_is_insecure) {
    return violated(
        loaded, "auth.mode",
        fmt::format("is insecure, which is refused on {}: others can reach that address "
                    "(--i-know-this-is-insecure allows it)",
                    s.listen.to_string()));
  }
  if (s.tls.cert.empty() != s.tls.key.empty()) {
    return s.tls.key.empty() ? violated(loaded, "tls.cert", "needs tls.key beside it")
                             : violated(loaded, "tls.key", "needs tls.cert beside it");
  }
  if (s.admin_listen && s.admin_listen->port != 0 && *s.admin_listen == s.listen)
    return violated(loaded, "admin_listen",
                    "is the same address as listen; leave it out to share that");
  return check_redis(loaded);
}

}  // namespace config
