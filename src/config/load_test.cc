#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace config {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Files that live as long as one test.
class Load : public ::testing::Test {
 protected:
  Load()
      : directory_(std::filesystem::temp_directory_path() /
                   ("presenced-config-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(directory_);
  }
  ~Load() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, std::string_view content) {
    const std::string path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  base::Result<Loaded> toml(std::string_view content, Check check = Check::kValuesOnly) {
    return load({.file = file("presenced.toml", content), .environment = {}, .flags = {}}, check);
  }
  static base::Result<Loaded> environment(Environment variables, Check check = Check::kValuesOnly) {
    return load({.file = {}, .environment = std::move(variables), .flags = {}}, check);
  }
  static base::Result<Loaded> flags(FlagValues values, Check check = Check::kValuesOnly) {
    return load({.file = {}, .environment = {}, .flags = std::move(values)}, check);
  }

  // The refusal's one line, with the directory of this test's files taken out of it.
  std::string line(const base::Result<Loaded>& loaded) const {
    if (loaded) return "(accepted)";
    EXPECT_EQ(loaded.error().code, base::ErrorCode::kInvalidArgument);
    EXPECT_THAT(loaded.error().message, Not(HasSubstr("\n")));
    std::string text = loaded.error().message;
    const std::string prefix = directory_.string() + '/';
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

  std::filesystem::path directory_;
};

// A value of each setting that is not its default, as TOML writes it.
const std::map<std::string_view, std::string> kSamples{
    {"listen", R"("[::1]:9000")"},
    {"admin_listen", R"("127.0.0.1:9001")"},
    {"path", R"("/presence/")"},
    {"threads", "3"},
    {"data_dir", R"("/var/lib/presenced")"},
    {"node_id", R"("node-1")"},
    {"api_key", R"("an api key of some length")"},
    {"ping_interval", R"("1s")"},
    {"ping_timeout", R"("1500ms")"},
    {"connect_timeout", R"("2s")"},
    {"max_payload", "65536"},
    {"stale_after", R"("1m")"},
    {"disconnect_grace", R"("0")"},
    {"auto_away_after", R"("1h")"},
    {"cleanup_interval", R"("10s")"},
    {"drain_time", R"("1s")"},
    {"heartbeat_source", R"("transport")"},
    {"notify_device_changes", "false"},
    {"last_seen_retention", R"("7d")"},
    {"background_interval", R"("5s")"},
    {"trusted_proxies", R"(["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"])"},
    {"deflate", "true"},
    {"i_know_this_is_insecure", "true"},
    {"log.level", R"("debug")"},
    {"log.format", R"("json")"},
    {"cors.origins", R"(["https://a.example", "http://localhost:3000"])"},
    {"auth.mode", R"("insecure")"},
    {"jwt.secret", R"("a secret")"},
    {"jwt.key_file", R"("keys.pem")"},
    {"jwt.issuer", R"("https://login.example")"},
    {"jwt.audience", R"("presence")"},
    {"jwt.user_claim", R"("uid")"},
    {"contacts.source", R"("redis")"},
    {"contacts.file", R"("contacts.json")"},
    {"redis.url", R"("rediss://user:secret@redis.example:6380/1")"},
    {"redis.prefix", R"("p:")"},
    {"privacy.manual_offline", R"("hidden")"},
    {"tls.cert", R"("cert.pem")"},
    {"tls.key", R"("key.pem")"},
    {"limits.devices_per_user", "5"},
    {"limits.events_per_second", "0"},
    {"limits.connections_per_address", "100"},
};

// The same value as a flag or a variable gives it.
std::string free_text(const std::string& toml) {
  std::string text;
  for (const char c : toml)
    if (c != '"' && c != '[' && c != ']') text += c;
  return toml.starts_with("\"[") ? toml.substr(1, toml.size() - 2) : text;
}

std::string sample_of(const Setting& setting) {
  const auto sample = kSamples.find(setting.name);
  return sample == kSamples.end() ? R"("something")" : sample->second;
}

// The value that `setting` has, as TOML.
std::string value_of(const Setting& setting, const Settings& settings) {
  const std::string name(setting.name.substr(setting.name.rfind('.') + 1));
  const std::string group =
      setting.name.find('.') == std::string_view::npos
          ? std::string()
          : "\n[" + std::string(setting.name.substr(0, setting.name.find('.'))) + "]\n";
  const std::string toml = '\n' + to_toml(settings, Secrets::kShown);
  const std::size_t table = group.empty() ? 0 : toml.find(group);
  const std::size_t start = toml.find('\n' + name + " = ", table) + name.size() + 4;
  return toml.substr(start, toml.find('\n', start) - start);
}

TEST_F(Load, EverySettingInAllThreeWays) {
  for (const Setting& setting : setting_table()) {
    if (!is_available(setting.feature)) continue;
    SCOPED_TRACE(setting.name);
    ASSERT_TRUE(kSamples.contains(setting.name)) << "the table of samples lacks it";
    const std::string sample = sample_of(setting);
    const std::string text = free_text(sample);
    const auto by_file = toml(std::string(setting.name) + " = " + sample);
    const auto by_environment = environment({{environment_name(setting.name), text}});
    const auto by_flag = flags({{std::string(setting.name), text}});
    ASSERT_TRUE(by_file) << by_file.error().message;
    ASSERT_TRUE(by_environment) << by_environment.error().message;
    ASSERT_TRUE(by_flag) << by_flag.error().message;
    EXPECT_EQ(value_of(setting, by_file->settings), sample);
    EXPECT_EQ(by_file->settings, by_environment->settings);
    EXPECT_EQ(by_file->settings, by_flag->settings);
    EXPECT_NE(by_file->settings, default_settings());
    EXPECT_THAT(by_file->label(setting.name),
                EndsWith("presenced.toml:1: " + std::string(setting.name)));
    EXPECT_EQ(by_environment->origins.at(std::string(setting.name)),
              environment_name(setting.name));
    EXPECT_EQ(by_flag->origins.at(std::string(setting.name)), flag_name(setting.name));
  }
}

TEST_F(Load, SettingsOfLaterVersionsAreRefusedInAllThreeWays) {
  std::set<std::string_view> refused;
  for (const Setting& setting : setting_table()) {
    if (is_available(setting.feature)) continue;
    SCOPED_TRACE(setting.name);
    refused.insert(setting.name);
    const std::string name(setting.name);
    const std::string rest = name + " cannot be set: ";
    EXPECT_THAT(line(toml(name + R"( = "x")")), AllOf(StartsWith("presenced.toml:1: " + rest),
                                                      EndsWith(" is not in this version")));
    EXPECT_THAT(line(environment({{environment_name(name), "x"}})),
                StartsWith(environment_name(name) + ": " + rest));
    EXPECT_THAT(line(flags({{name, "x"}})), StartsWith(flag_name(name) + ": " + rest));
    EXPECT_TRUE(toml(name + R"( = "")"));
  }
  EXPECT_EQ(refused, (std::set<std::string_view>{"auth.http_url", "jwt.jwks_url",
                                                 "contacts.http_url", "postgres.url",
                                                 "postgres.contacts_sql", "postgres.notify_channel",
                                                 "webhook.url", "webhook.secret"}));
  EXPECT_EQ(
      line(flags({{"auth.mode", "http"}})),
      "--auth-mode: auth.mode cannot be http: authentication over HTTP is not in this version");
  EXPECT_THAT(line(flags({{"contacts.source", "postgres"}})), EndsWith("not in this version"));
  EXPECT_THAT(line(flags({{"contacts.source", "http"}})), EndsWith("not in this version"));
}

TEST_F(Load, FlagOverEnvironmentOverFileOverDefault) {
  const std::string path = file("presenced.toml",
                                "max_payload = 2000\nping_interval = \"1s\"\n"
                                "stale_after = \"1s\"");
  const auto loaded =
      load({.file = path,
            .environment = {{"PRESENCED_MAX_PAYLOAD", "3000"}, {"PRESENCED_PING_INTERVAL", "2s"}},
            .flags = {{"max_payload", "4000"}}},
           Check::kValuesOnly);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.max_payload, 4000);
  EXPECT_EQ(loaded->settings.ping_interval, std::chrono::seconds(2));
  EXPECT_EQ(loaded->settings.stale_after, std::chrono::seconds(1));
  EXPECT_EQ(loaded->settings.ping_timeout, std::chrono::seconds(20));
  EXPECT_EQ(loaded->label("max_payload"), "--max-payload: max_payload");
  EXPECT_EQ(loaded->label("ping_interval"), "PRESENCED_PING_INTERVAL: ping_interval");
  EXPECT_EQ(loaded->label("stale_after"), path + ":3: stale_after");
  EXPECT_EQ(loaded->label("ping_timeout"), "ping_timeout");
}

TEST_F(Load, DefaultsOfTheContract) {
  const Settings s = default_settings();
  EXPECT_EQ(s.listen.to_string(), "127.0.0.1:8080");
  EXPECT_EQ(s.path, "/socket.io/");
  EXPECT_EQ(s.threads, 0);
  EXPECT_EQ(s.data_dir, "./presenced-data");
  EXPECT_EQ(s.ping_interval, std::chrono::seconds(25));
  EXPECT_EQ(s.ping_timeout, std::chrono::seconds(20));
  EXPECT_EQ(s.connect_timeout, std::chrono::seconds(45));
  EXPECT_EQ(s.max_payload, 1'000'000);
  EXPECT_EQ(s.stale_after, std::chrono::seconds(120));
  EXPECT_EQ(s.disconnect_grace, std::chrono::seconds(3));
  EXPECT_EQ(s.auto_away_after, std::chrono::minutes(5));
  EXPECT_EQ(s.cleanup_interval, std::chrono::seconds(120));
  EXPECT_EQ(s.drain_time, std::chrono::seconds(10));
  EXPECT_EQ(s.heartbeat_source, HeartbeatSource::kApp);
  EXPECT_TRUE(s.notify_device_changes);
  EXPECT_EQ(s.last_seen_retention, std::chrono::hours(30 * 24));
  EXPECT_EQ(s.background_interval, std::chrono::seconds(30));
  EXPECT_EQ(s.cors.origins, std::vector<std::string>{"*"});
  EXPECT_EQ(s.auth.mode, AuthMode::kJwt);
  EXPECT_EQ(s.jwt.user_claim, "sub");
  EXPECT_EQ(s.contacts.source, ContactsSource::kEmbedded);
  EXPECT_EQ(s.redis.prefix, "presence:");
  EXPECT_EQ(s.privacy.manual_offline, ManualOffline::kAnnounced);
  EXPECT_EQ(s.limits.devices_per_user, 32);
  EXPECT_EQ(s.limits.events_per_second, 50);
  EXPECT_EQ(s.limits.connections_per_address, 0);
  EXPECT_FALSE(s.deflate);
  EXPECT_EQ(s.log.level, LogLevel::kInfo);
  EXPECT_EQ(s.log.format, LogFormat::kAuto);
  EXPECT_FALSE(s.admin_listen);
  EXPECT_THAT(s.trusted_proxies, IsEmpty());
  EXPECT_FALSE(s.i_know_this_is_insecure);
}

// --- The one line. ---

TEST_F(Load, LinesNameSettingAndSource) {
  EXPECT_EQ(
      line(toml("\n[auth]\nmode = \"jtw\"\n")),
      "presenced.toml:3: auth.mode must be one of jwt, http, insecure, not the string `jtw`; did "
      "you mean `jwt`?");
  EXPECT_EQ(line(environment({{"PRESENCED_AUTH_MODE", "none"}})),
            "PRESENCED_AUTH_MODE: auth.mode must be one of jwt, http, insecure, not `none`");
  EXPECT_EQ(
      line(flags({{"ping_interval", "30"}})),
      "--ping-interval: ping_interval must be a duration such as 500ms, 30s, 5m, 1h or 30d, not "
      "`30`");
  EXPECT_EQ(line(flags({{"ping_interval", "1ms"}})),
            "--ping-interval: ping_interval must be from 10ms to 1d, not `1ms`");
  EXPECT_EQ(
      line(toml("ping_interval = 25")),
      "presenced.toml:1: ping_interval must be a duration such as 500ms, 30s, 5m, 1h or 30d, not "
      "the number 25");
  EXPECT_EQ(line(flags({{"max_payload", "1k"}})),
            "--max-payload: max_payload must be a whole number from 1 to 100000000, not `1k`");
  EXPECT_EQ(line(toml("max_payload = \"65536\"")),
            "presenced.toml:1: max_payload must be a whole number from 1 to 100000000, not the "
            "string `65536`");
  EXPECT_EQ(line(toml("max_payload = 1e6")),
            "presenced.toml:1: max_payload must be a whole number from 1 to 100000000, not a value "
            "of another type");
  EXPECT_EQ(line(flags({{"threads", "-1"}})),
            "--threads: threads must be `auto` or a whole number from 0 to 256, not `-1`");
  EXPECT_EQ(line(flags({{"deflate", "maybe"}})),
            "--deflate: deflate must be true or false, not `maybe`");
  EXPECT_EQ(
      line(flags({{"listen", "8080"}})),
      "--listen: listen must be an address and a port such as 127.0.0.1:8080 or [::1]:8080, not "
      "`8080`");
  EXPECT_EQ(line(toml("cors.origins = \"*\"")),
            "presenced.toml:1: cors.origins must be an array of strings, not the string `*`");
  EXPECT_EQ(
      line(toml("cors.origins = [1]")),
      "presenced.toml:1: cors.origins must be an array of strings, not a value of another type");
  EXPECT_EQ(
      line(flags({{"cors.origins", "https://a.example/"}})),
      "--cors-origins: cors.origins must hold `*` or origins such as https://app.example.com, "
      "not `https://a.example/`");
  EXPECT_EQ(
      line(flags({{"trusted_proxies", "10.0.0.1/8"}})),
      "--trusted-proxies: trusted_proxies must hold addresses or networks such as 10.0.0.0/8 or "
      "2001:db8::/32, not `10.0.0.1/8`");
  EXPECT_EQ(line(flags({{"path", "socket.io"}})),
            "--path: path must be a path that begins with /, without escapes, query or spaces, not "
            "`socket.io`");
  EXPECT_EQ(
      line(flags({{"node_id", "a b"}})),
      "--node-id: node_id must be at most 64 letters, digits, dots, underscores or hyphens, not "
      "`a b`");
  EXPECT_EQ(line(flags({{"data_dir", ""}})), "--data-dir: data_dir must not be empty");
  EXPECT_EQ(line(flags({{"jwt.issuer", "a\nb"}})),
            "--jwt-issuer: jwt.issuer must be one line, not `a?b`");
}

TEST_F(Load, UnknownNames) {
  EXPECT_EQ(line(toml("max_payload = 2000\nlistn = \"x\"")),
            "presenced.toml:2: unknown setting `listn`; did you mean `listen`?");
  EXPECT_EQ(line(toml("[auht]\nmode = \"jwt\"")),
            "presenced.toml:2: unknown setting `auht.mode`; did you mean `auth.mode`?");
  EXPECT_EQ(line(toml("mode = \"jwt\"")),
            "presenced.toml:1: unknown setting `mode`; did you mean `auth.mode`?");
  EXPECT_EQ(line(toml("[something]")), "presenced.toml:1: unknown setting `something`");
  EXPECT_EQ(line(toml("[listen]\nport = 1")), "presenced.toml:2: unknown setting `listen.port`");
  EXPECT_EQ(line(toml("auth = \"jwt\"")), "presenced.toml:1: unknown setting `auth`");
  EXPECT_EQ(line(environment({{"PRESENCED_LISTN", "x"}})),
            "PRESENCED_LISTN: unknown setting; did you mean `PRESENCED_LISTEN`?");
  EXPECT_EQ(line(environment({{"PRESENCED_PORT", "8080"}})), "PRESENCED_PORT: unknown setting");
  EXPECT_EQ(line(flags({{"lizten", "x"}})), "--lizten: unknown setting");
}

TEST_F(Load, BrokenToml) {
  EXPECT_THAT(line(toml("a = 1\nb =\n")), StartsWith("presenced.toml:2: "));
  EXPECT_THAT(line(toml("listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"")),
              StartsWith("presenced.toml:2: "));
  EXPECT_THAT(line(toml("\xFF")), StartsWith("presenced.toml:1: "));
  EXPECT_TRUE(toml(""));
}

TEST_F(Load, AnEmptyVariableCountsAsNotSet) {
  EXPECT_TRUE(environment({{"PRESENCED_AUTH_MODE", ""}, {"PRESENCED_NONSENSE", ""}}));
}

TEST_F(Load, VariablesOfKubernetesServicesAreNoSettings) {
  const auto loaded = environment({{"PRESENCED_SERVICE_HOST", "10.0.0.1"},
                                   {"PRESENCED_SERVICE_PORT", "8080"},
                                   {"PRESENCED_SERVICE_PORT_HTTP", "8080"},
                                   {"PRESENCED_PORT", "tcp://10.0.0.1:8080"},
                                   {"PRESENCED_PORT_8080_TCP", "tcp://10.0.0.1:8080"},
                                   {"PRESENCED_PORT_8080_TCP_ADDR", "10.0.0.1"},
                                   {"PRESENCED_REDIS_PORT", "tcp://10.0.0.2:6379"},
                                   {"PRESENCED_REDIS_PORT_6379_TCP_PROTO", "tcp"}});
  EXPECT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(environment({{"PRESENCED_PORT_TCP", "x"}}));
}

TEST_F(Load, AnUnreadableFileIsNamed) {
  EXPECT_EQ(line(load({.file = (directory_ / "none.toml").string(), .environment = {}, .flags = {}},
                      Check::kValuesOnly)),
            "cannot read none.toml: No such file or directory");
  EXPECT_THAT(
      line(load({.file = directory_.string(), .environment = {}, .flags = {}}, Check::kValuesOnly)),
      EndsWith(": Is a directory"));
}

// --- Secrets. ---

TEST_F(Load, ASecretCanBeInAFile) {
  const std::string path = file("secret", "s3cret\n");
  EXPECT_EQ(flags({{"jwt.secret", "@" + path}})->settings.jwt.secret, "s3cret");
  EXPECT_EQ(toml("api_key = \"@" + path + '"')->settings.api_key, "s3cret");
  EXPECT_EQ(flags({{"api_key", "@" + file("crlf", "s3cret\r\n")}})->settings.api_key, "s3cret");
  EXPECT_EQ(flags({{"api_key", "@" + file("two", "s3cret\n\n")}})->settings.api_key, "s3cret\n");
  EXPECT_EQ(flags({{"api_key", "@" + file("bare", "s3cret\r")}})->settings.api_key, "s3cret\r");
  EXPECT_EQ(line(flags({{"jwt.secret", "@" + (directory_ / "none").string()}})),
            "--jwt-secret: jwt.secret: cannot read none: No such file or directory");
  EXPECT_EQ(line(flags({{"jwt.secret", "@" + file("empty", "\n")}})),
            "--jwt-secret: jwt.secret: the file empty is empty");
}

TEST_F(Load, AnUnreadableFileOfASecretIsNamedHoweverItIsGiven) {
  for (const std::string name : {"none", "none/secret", "./none", "/none"}) {
    EXPECT_EQ(flags({{"jwt.secret", '@' + name}}).error().message,
              "--jwt-secret: jwt.secret: cannot read " + name + ": No such file or directory");
  }
}

TEST_F(Load, SecretsAreNeverShown) {
  EXPECT_EQ(line(toml("jwt.secret = 12345678")), "presenced.toml:1: jwt.secret must be a string");
  const auto loaded = flags({{"jwt.secret", "s3cret"}, {"api_key", "k3y"}}, Check::kCombinations);
  ASSERT_TRUE(loaded);
  for (const std::string& warning : loaded->warnings) {
    EXPECT_THAT(warning, Not(HasSubstr("s3cret")));
    EXPECT_THAT(warning, Not(HasSubstr("k3y")));
  }
  const std::string masked = to_toml(loaded->settings, Secrets::kMasked);
  EXPECT_THAT(masked, HasSubstr("api_key = \"********\""));
  EXPECT_THAT(masked, HasSubstr("secret = \"********\""));
  EXPECT_THAT(masked, Not(HasSubstr("s3cret")));
  EXPECT_THAT(masked, Not(HasSubstr("k3y")));
  EXPECT_THAT(to_toml(default_settings(), Secrets::kMasked), HasSubstr("api_key = \"\""));
}

// --- Combinations. ---

TEST_F(Load, JwtNeedsAKey) {
  EXPECT_THAT(line(flags({}, Check::kCombinations)),
              StartsWith("auth.mode is jwt, which needs jwt.secret or jwt.key_file"));
  EXPECT_THAT(line(toml("auth.mode = \"jwt\"", Check::kCombinations)),
              StartsWith("presenced.toml:1: auth.mode is jwt, which needs"));
  EXPECT_TRUE(flags({{"jwt.secret", "x"}}, Check::kCombinations));
  EXPECT_TRUE(flags({{"jwt.key_file", file("keys.pem", "")}}, Check::kCombinations));
  EXPECT_TRUE(flags({{"auth.mode", "insecure"}}, Check::kCombinations));
}

TEST_F(Load, InsecureIsForLoopback) {
  for (const char* address : {"0.0.0.0:80", "10.0.0.1:80", "[::]:80", "[2001:db8::1]:80"}) {
    const FlagValues values{{"auth.mode", "insecure"}, {"listen", address}};
    EXPECT_THAT(line(flags(values, Check::kCombinations)),
                AllOf(StartsWith("--auth-mode: auth.mode is insecure, which is refused on "),
                      HasSubstr(address)));
    FlagValues allowed = values;
    allowed.emplace_back("i_know_this_is_insecure", "true");
    EXPECT_TRUE(flags(allowed, Check::kCombinations));
  }
  for (const char* address : {"127.0.0.1:80", "127.1.2.3:80", "[::1]:80", "localhost:0"})
    EXPECT_TRUE(flags({{"auth.mode", "insecure"}, {"listen", address}}, Check::kCombinations));
}

TEST_F(Load, TlsNeedsCertificateAndKey) {
  const std::string pem = file("any.pem", "");
  EXPECT_EQ(line(flags({{"auth.mode", "insecure"}, {"tls.cert", pem}}, Check::kCombinations)),
            "--tls-cert: tls.cert needs tls.key beside it");
  EXPECT_EQ(line(flags({{"auth.mode", "insecure"}, {"tls.key", pem}}, Check::kCombinations)),
            "--tls-key: tls.key needs tls.cert beside it");
  EXPECT_TRUE(flags({{"auth.mode", "insecure"}, {"tls.key", pem}, {"tls.cert", pem}},
                    Check::kCombinations));
}

TEST_F(Load, ContactsFollowRedis) {
  const auto with = flags({{"redis.url", "redis://x"}, {"auth.mode", "insecure"}});
  ASSERT_TRUE(with) << with.error().message;
  EXPECT_EQ(with->settings.contacts.source, ContactsSource::kRedis);
  EXPECT_EQ(flags({})->settings.contacts.source, ContactsSource::kEmbedded);
  EXPECT_EQ(
      line(flags({{"auth.mode", "insecure"}, {"contacts.source", "redis"}}, Check::kCombinations)),
      "--contacts-source: contacts.source is redis, which needs redis.url");
  EXPECT_THAT(
      line(flags({{"auth.mode", "insecure"}, {"redis.prefix", "{p}:"}}, Check::kCombinations)),
      StartsWith("--redis-prefix: redis.prefix contains a brace"));
}

TEST_F(Load, EmbeddedContactsAndRedisExcludeEachOther) {
  Loaded loaded;
  loaded.settings = default_settings();
  loaded.settings.auth.mode = AuthMode::kInsecure;
  EXPECT_TRUE(check_combinations(loaded));
  loaded.settings.redis.url = "redis://localhost";
  loaded.origins["contacts.source"] = "--contacts-source";
  const auto result = check_combinations(loaded);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, StartsWith("--contacts-source: contacts.source is embedded"));
}

TEST_F(Load, AdminListenIsAnotherAddress) {
  EXPECT_THAT(line(flags({{"auth.mode", "insecure"}, {"admin_listen", "127.0.0.1:8080"}},
                         Check::kCombinations)),
              StartsWith("--admin-listen: admin_listen is the same address as listen"));
}

TEST_F(Load, FilesMustBeReadable) {
  for (const char* name : {"jwt.key_file", "contacts.file"}) {
    const FlagValues values{{"auth.mode", "insecure"}, {name, (directory_ / "none").string()}};
    EXPECT_EQ(line(flags(values, Check::kCombinations)),
              flag_name(name) + ": " + name + ": cannot read none: No such file or directory");
  }
}

TEST_F(Load, Warnings) {
  const auto weak = flags({{"jwt.secret", "short"}, {"api_key", "short"}}, Check::kCombinations);
  ASSERT_TRUE(weak);
  ASSERT_THAT(weak->warnings, SizeIs(2));
  EXPECT_THAT(weak->warnings[0], StartsWith("--jwt-secret: jwt.secret is shorter than 32 bytes"));
  EXPECT_THAT(weak->warnings[1], StartsWith("--api-key: api_key is shorter than 16 bytes"));
  const auto strong = flags({{"jwt.secret", std::string(32, 'x')}}, Check::kCombinations);
  EXPECT_THAT(strong->warnings, IsEmpty());
  const auto insecure = flags({{"auth.mode", "insecure"}}, Check::kCombinations);
  EXPECT_THAT(insecure->warnings, SizeIs(1));
}

TEST_F(Load, TheEffectiveConfigurationLoadsToTheSame) {
  std::string all;
  for (const auto& [name, value] : kSamples) all += std::string(name) + " = " + value + '\n';
  const auto first = toml(all);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = toml(to_toml(first->settings, Secrets::kShown, first->origins));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(first->settings, second->settings);
  const auto defaults = toml(to_toml(default_settings(), Secrets::kShown));
  ASSERT_TRUE(defaults) << defaults.error().message;
  EXPECT_EQ(defaults->settings, default_settings());
}

TEST(EnvironmentBlock, BecomesAMap) {
  const char* const block[] = {"A=1", "B=", "C=x=y", "nonsense", nullptr};
  EXPECT_EQ(environment_from(block), (Environment{{"A", "1"}, {"B", ""}, {"C", "x=y"}}));
  EXPECT_THAT(environment_from(nullptr), IsEmpty());
}

}  // namespace
}  // namespace config
