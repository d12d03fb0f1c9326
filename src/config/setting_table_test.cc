#include "config/setting_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "config/suggest.h"

namespace config {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// The contract, section 10, and the flag of section 2.
const std::set<std::string_view> kNames{"listen",
                                        "admin_listen",
                                        "path",
                                        "threads",
                                        "data_dir",
                                        "node_id",
                                        "api_key",
                                        "log.level",
                                        "log.format",
                                        "ping_interval",
                                        "ping_timeout",
                                        "connect_timeout",
                                        "max_payload",
                                        "stale_after",
                                        "disconnect_grace",
                                        "auto_away_after",
                                        "cleanup_interval",
                                        "drain_time",
                                        "heartbeat_source",
                                        "notify_device_changes",
                                        "last_seen_retention",
                                        "background_interval",
                                        "cors.origins",
                                        "trusted_proxies",
                                        "auth.mode",
                                        "auth.http_url",
                                        "jwt.secret",
                                        "jwt.key_file",
                                        "jwt.jwks_url",
                                        "jwt.issuer",
                                        "jwt.audience",
                                        "jwt.user_claim",
                                        "contacts.source",
                                        "contacts.file",
                                        "contacts.http_url",
                                        "postgres.url",
                                        "postgres.contacts_sql",
                                        "postgres.notify_channel",
                                        "redis.url",
                                        "redis.prefix",
                                        "privacy.manual_offline",
                                        "webhook.url",
                                        "webhook.secret",
                                        "tls.cert",
                                        "tls.key",
                                        "limits.devices_per_user",
                                        "limits.events_per_second",
                                        "limits.connections_per_address",
                                        "deflate",
                                        "i_know_this_is_insecure"};

TEST(Table, HoldsTheSettingsOfTheContract) {
  std::set<std::string_view> names;
  for (const Setting& setting : setting_table()) EXPECT_TRUE(names.insert(setting.name).second);
  EXPECT_EQ(names, kNames);
}

TEST(Table, NamesOfAllWaysAreUnambiguous) {
  std::set<std::string> flags;
  std::set<std::string> variables;
  for (const Setting& setting : setting_table()) {
    EXPECT_TRUE(flags.insert(flag_name(setting.name)).second) << setting.name;
    EXPECT_TRUE(variables.insert(environment_name(setting.name)).second) << setting.name;
    EXPECT_EQ(find_setting(setting.name), &setting);
  }
  EXPECT_EQ(environment_name("auth.mode"), "PRESENCED_AUTH_MODE");
  EXPECT_EQ(environment_name("limits.devices_per_user"), "PRESENCED_LIMITS_DEVICES_PER_USER");
  EXPECT_EQ(flag_name("limits.devices_per_user"), "--limits-devices-per-user");
  EXPECT_EQ(find_setting("nothing"), nullptr);
}

TEST(Table, EverySettingHasAPlaceOfItsOwn) {
  Settings settings;
  std::set<const void*> places;
  for (const Setting& setting : setting_table())
    std::visit([&](const auto* place) { EXPECT_TRUE(places.insert(place).second) << setting.name; },
               setting.slot(settings));
}

TEST(Table, GroupsAreTogether) {
  std::set<std::string> closed;
  std::string current;
  for (const Setting& setting : setting_table()) {
    const std::size_t dot = setting.name.find('.');
    const std::string group(dot == std::string_view::npos ? "" : setting.name.substr(0, dot));
    if (group == current) continue;
    EXPECT_TRUE(closed.insert(current).second);
    EXPECT_FALSE(closed.contains(group)) << group;
    current = group;
  }
}

TEST(Table, DescriptionsAreSentences) {
  for (const Setting& setting : setting_table()) {
    EXPECT_THAT(std::string(setting.description), EndsWith(".")) << setting.name;
    EXPECT_THAT(std::string(setting.description), Not(HasSubstr("|"))) << setting.name;
  }
}

TEST(Documentation, PageIsUpToDate) {
  std::ifstream file(PRESENCED_SETTINGS_PAGE);
  std::stringstream content;
  content << file.rdbuf();
  EXPECT_EQ(content.str(), settings_markdown())
      << "docs/settings.md is stale; write it anew with\n"
         "    presenced settings --markdown > docs/settings.md";
}

TEST(Documentation, TomlNamesWhereValuesComeFrom) {
  const std::string toml =
      to_toml(default_settings(), Secrets::kMasked, {{"listen", "presenced.toml:12"}});
  EXPECT_THAT(toml, HasSubstr("listen = \"127.0.0.1:8080\"  # presenced.toml:12\n"));
  EXPECT_THAT(toml, HasSubstr("\n[limits]\ndevices_per_user = 32\n"));
  EXPECT_THAT(toml, Not(HasSubstr("postgres")));
}

TEST(Suggestions, NearestName) {
  const std::vector<std::string> names{"listen", "auth.mode", "jwt.secret"};
  EXPECT_EQ(did_you_mean("listne", names), "; did you mean `listen`?");
  EXPECT_EQ(did_you_mean("auth.mod", names), "; did you mean `auth.mode`?");
  EXPECT_EQ(did_you_mean("secret", names), "; did you mean `jwt.secret`?");
  EXPECT_EQ(did_you_mean("banana", names), "");
  EXPECT_EQ(did_you_mean("", names), "");
  EXPECT_EQ(did_you_mean(std::string(100'000, 'x'), names), "");
}

}  // namespace
}  // namespace config
