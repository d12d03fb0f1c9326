#include "config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace config {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Arguments = std::vector<std::string>;

template <class Command>
Command parse(const Arguments& arguments, const Environment& environment = {}) {
  auto line = parse_command_line(arguments, environment);
  if (!line) throw std::runtime_error(line.error().message);
  return std::get<Command>(std::move(*line));
}

std::string refusal(const Arguments& arguments, const Environment& environment = {}) {
  const auto line = parse_command_line(arguments, environment);
  if (line) return "(accepted)";
  EXPECT_THAT(line.error().message, Not(HasSubstr("\n")));
  return line.error().message;
}

const Arguments kInsecure{"--auth-mode", "insecure"};

TEST(Serve, IsTheDefault) {
  EXPECT_EQ(parse<ServeCommand>(kInsecure).loaded.settings.auth.mode, AuthMode::kInsecure);
  EXPECT_EQ(parse<ServeCommand>({"serve", "--auth-mode=insecure"}).loaded.settings.auth.mode,
            AuthMode::kInsecure);
  EXPECT_EQ(parse<ServeCommand>({"--auth-mode=insecure", "serve"}).loaded.settings.auth.mode,
            AuthMode::kInsecure);
  EXPECT_THAT(refusal({}), StartsWith("auth.mode is jwt, which needs"));
}

TEST(Serve, EverySettingIsAFlag) {
  for (const Setting& setting : setting_table()) {
    const std::string text = refusal({flag_name(setting.name) + "=@/none/\x01"});
    if (is_available(setting.feature) && !setting.secret()) continue;
    EXPECT_THAT(text, StartsWith(flag_name(setting.name) + ": "));
  }
  const auto line = parse<ServeCommand>({"--listen", "[::1]:0", "--limits-devices-per-user", "3",
                                         "--cors-origins", "https://a.example,https://b.example",
                                         "--jwt-secret", "s"});
  EXPECT_EQ(line.loaded.settings.listen.to_string(), "[::1]:0");
  EXPECT_EQ(line.loaded.settings.limits.devices_per_user, 3);
  EXPECT_EQ(line.loaded.settings.cors.origins.size(), 2U);
}

TEST(Serve, BooleansNeedNoValue) {
  const auto deflate = [](Arguments more) {
    more.insert(more.begin(), {"--auth-mode", "insecure"});
    return parse<ServeCommand>(more).loaded.settings.deflate;
  };
  EXPECT_FALSE(deflate({}));
  EXPECT_TRUE(deflate({"--deflate"}));
  EXPECT_TRUE(deflate({"--deflate", "--threads", "1"}));
  EXPECT_TRUE(deflate({"--deflate", "serve"}));
  EXPECT_TRUE(deflate({"--deflate=true"}));
  EXPECT_FALSE(deflate({"--deflate=false"}));
  EXPECT_FALSE(deflate({"--deflate", "false"}));
  EXPECT_FALSE(deflate({"--deflate", "--deflate=false"}));
  EXPECT_TRUE(parse<ServeCommand>(
                  {"--auth-mode", "insecure", "--listen", "0.0.0.0:0", "--i-know-this-is-insecure"})
                  .loaded.settings.i_know_this_is_insecure);
}

TEST(Serve, OfAFlagGivenTwiceTheLastCounts) {
  EXPECT_EQ(parse<ServeCommand>({"--auth-mode", "jwt", "--auth-mode", "insecure"})
                .loaded.settings.auth.mode,
            AuthMode::kInsecure);
}

TEST(Serve, ReadsTheFileOfFlagOrVariable) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("presenced-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(path) << "threads = 2\nauth.mode = \"insecure\"\n";
  EXPECT_EQ(parse<ServeCommand>({"--config", path.string()}).loaded.settings.threads, 2);
  EXPECT_EQ(parse<ServeCommand>({}, {{"PRESENCED_CONFIG", path.string()}}).loaded.settings.threads,
            2);
  EXPECT_EQ(parse<ServeCommand>({"serve", "--config=" + path.string(), "--threads=3"})
                .loaded.settings.threads,
            3);
  const std::string broken = refusal({"--config", path.string(), "--threads", "x"});
  EXPECT_THAT(broken, StartsWith("--threads: threads must be"));
  std::filesystem::remove(path);
}

TEST(Serve, AnUnreadableFileIsNamedWithItsSource) {
  EXPECT_EQ(refusal({"--config", "/none.toml"}),
            "--config: cannot read /none.toml: No such file or directory");
  EXPECT_EQ(refusal({}, {{"PRESENCED_CONFIG", "/none.toml"}}),
            "PRESENCED_CONFIG: cannot read /none.toml: No such file or directory");
}

TEST(Refusals, UnknownFlagsAndCommands) {
  EXPECT_EQ(refusal({"--listn", "127.0.0.1:1"}), "--listn: unknown flag; did you mean `--listen`?");
  EXPECT_EQ(refusal({"--listn=127.0.0.1:1"}), "--listn: unknown flag; did you mean `--listen`?");
  EXPECT_EQ(refusal({"serve", "--auth.mode", "jwt"}),
            "--auth.mode: unknown flag; did you mean `--auth-mode`?");
  EXPECT_EQ(refusal({"-x"}), "-x: unknown flag");
  EXPECT_EQ(refusal({"srve"}), "unknown command `srve`; did you mean `serve`?");
  EXPECT_EQ(refusal({"serve", "now"}), "unknown command `now`");
  EXPECT_EQ(refusal({"token", "--secrt", "x"}), "--secrt: unknown flag; did you mean `--secret`?");
  EXPECT_EQ(refusal({"serve", "token"}), "token: only one command can be given");
}

TEST(Refusals, AFlagWithoutItsValue) {
  EXPECT_EQ(refusal({"--listen"}), "--listen: needs a value");
  EXPECT_EQ(refusal({"--api-key=", "serve"}), "--api-key: needs a value");
  EXPECT_EQ(refusal({"--config="}), "--config: needs a value");
  EXPECT_EQ(refusal({"token", "--sub"}), "--sub: needs a value");
}

TEST(Refusals, WrongValues) {
  EXPECT_THAT(refusal({"--auth-mode", "nothing"}),
              StartsWith("--auth-mode: auth.mode must be one of"));
  EXPECT_THAT(refusal({"--webhook-url", "http://x"}),
              StartsWith("--webhook-url: webhook.url cannot be set: webhooks is not in this"));
  EXPECT_THAT(refusal({}, {{"PRESENCED_THREADS", "x"}}), StartsWith("PRESENCED_THREADS: threads"));
}

TEST(Token, WithItsOwnSecret) {
  const auto token = parse<TokenCommand>({"token", "--secret", "s3cret", "--sub", "alice"});
  EXPECT_EQ(token.secret, "s3cret");
  EXPECT_EQ(token.user_id, "alice");
  EXPECT_EQ(token.ttl, std::chrono::hours(1));
  EXPECT_EQ(token.user_claim, "sub");
  EXPECT_EQ(token.issuer, "");
}

TEST(Token, WithTheSettings) {
  const auto token = parse<TokenCommand>(
      {"token", "--sub=alice", "--ttl=5m", "--jwt-issuer", "me", "--jwt-user-claim", "uid"},
      {{"PRESENCED_JWT_SECRET", "configured"}, {"PRESENCED_JWT_AUDIENCE", "you"}});
  EXPECT_EQ(token.secret, "configured");
  EXPECT_EQ(token.ttl, std::chrono::minutes(5));
  EXPECT_EQ(token.issuer, "me");
  EXPECT_EQ(token.audience, "you");
  EXPECT_EQ(token.user_claim, "uid");
}

TEST(Token, Refusals) {
  EXPECT_EQ(refusal({"token", "--secret", "s"}), "--sub: the user id is needed");
  EXPECT_EQ(refusal({"token", "--sub", "alice"}),
            "--secret: the secret is needed, here or as jwt.secret");
  EXPECT_EQ(refusal({"token", "--sub", "alice", "--secret", "@/none"}),
            "--secret: cannot read /none: No such file or directory");
  for (const char* ttl : {"0", "x", "500ms", "9999d"})
    EXPECT_THAT(refusal({"token", "--sub", "alice", "--secret", "s", std::string("--ttl=") + ttl}),
                StartsWith("--ttl: must be a duration"));
}

TEST(Contacts, Import) {
  const auto import = parse<ContactsImportCommand>({"contacts", "import", "file.json"});
  EXPECT_EQ(import.file, "file.json");
  EXPECT_TRUE(import.mutual);
  EXPECT_EQ(import.target.data_dir, "./presenced-data");
  EXPECT_EQ(import.target.server, "");
  const auto one_way =
      parse<ContactsImportCommand>({"contacts", "import", "--one-way", "-", "--data-dir", "/data"});
  EXPECT_EQ(one_way.file, "-");
  EXPECT_FALSE(one_way.mutual);
  EXPECT_EQ(one_way.target.data_dir, "/data");
}

TEST(Contacts, OnAServer) {
  const auto import = parse<ContactsImportCommand>(
      {"contacts", "import", "f", "--server", "http://localhost:8080", "--api-key", "k"});
  EXPECT_EQ(import.target.server, "http://localhost:8080");
  EXPECT_EQ(import.target.api_key, "k");
  const auto exported = parse<ContactsExportCommand>(
      {"contacts", "--server=https://a.example", "export"}, {{"PRESENCED_API_KEY", "e"}});
  EXPECT_EQ(exported.target.api_key, "e");
}

TEST(Contacts, Export) {
  EXPECT_EQ(parse<ContactsExportCommand>({"contacts", "export"}).format, ContactsFormat::kJson);
  EXPECT_EQ(parse<ContactsExportCommand>({"contacts", "export", "--format", "ndjson"}).format,
            ContactsFormat::kNdjson);
  EXPECT_EQ(parse<ContactsExportCommand>({"contacts", "export", "--format=csv"}).format,
            ContactsFormat::kCsv);
}

TEST(Contacts, Refusals) {
  EXPECT_EQ(refusal({"contacts"}), "contacts: needs import or export");
  EXPECT_EQ(refusal({"contacts", "import"}), "contacts import: the name of a file is needed");
  EXPECT_EQ(refusal({"contacts", "export", "--format", "xml"}),
            "--format: must be one of json, ndjson, csv, not `xml`");
  EXPECT_EQ(refusal({"contacts", "export", "--server", "http://x"}), "--server: needs --api-key");
  EXPECT_EQ(refusal({"contacts", "export", "--server", "x:80"}),
            "--server: must begin with http:// or https://, not `x:80`");
}

TEST(CheckConfig, ChecksAndPrints) {
  const auto check =
      parse<CheckConfigCommand>({"check-config", "--jwt-secret", "s3cret", "--threads", "2"});
  EXPECT_THAT(check.toml, AllOf(HasSubstr("threads = 2  # --threads\n"),
                                HasSubstr("secret = \"********\"  # --jwt-secret\n"),
                                Not(HasSubstr("s3cret"))));
  EXPECT_EQ(check.loaded.warnings.size(), 1U);
  EXPECT_THAT(refusal({"check-config"}), StartsWith("auth.mode is jwt"));
}

TEST(Print, HelpAndVersion) {
  const std::string help = parse<PrintCommand>({"--help"}).text;
  EXPECT_THAT(help, AllOf(HasSubstr("--listen"), HasSubstr("--limits-devices-per-user"),
                          HasSubstr("check-config"), HasSubstr("--config")));
  EXPECT_THAT(help, AllOf(Not(HasSubstr("--webhook-url")), Not(HasSubstr("--markdown"))));
  EXPECT_THAT(parse<PrintCommand>({"token", "--help"}).text, HasSubstr("--ttl"));
  EXPECT_THAT(parse<PrintCommand>({"contacts", "import", "--help"}).text, HasSubstr("--one-way"));
  EXPECT_EQ(parse<PrintCommand>({"--version"}).text, "presenced " + std::string(version()) + "\n");
  EXPECT_EQ(parse<PrintCommand>({"settings", "--markdown"}).text, settings_markdown());
  EXPECT_EQ(refusal({"settings"}), "settings: needs --markdown");
}

}  // namespace
}  // namespace config
