#include "config/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "config/suggest.h"
#include "config/values.h"

namespace config {
namespace {

tl::unexpected<base::Error> refuse(std::string message) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

std::string group_title(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos ? "Settings"
                                       : "Settings: " + std::string(name.substr(0, dot));
}

bool is_boolean(const Setting& setting) {
  Settings settings;
  return std::holds_alternative<bool*>(setting.slot(settings));
}

// The parser with all commands and flags, and what it has read.
class Parser {
 public:
  Parser();
  base::Result<CommandLine> parse(std::span<const std::string> arguments,
                                  const Environment& environment);

 private:
  CLI::App* command(CLI::App& parent, const char* name, const char* description);
  void add_settings();
  [[nodiscard]] base::Result<void> check_rest() const;
  [[nodiscard]] base::Result<Loaded> load_settings(const Environment& environment,
                                                   Check check) const;
  [[nodiscard]] base::Result<CommandLine> token(const Loaded& loaded) const;
  [[nodiscard]] base::Result<CommandLine> contacts(const Loaded& loaded) const;
  [[nodiscard]] base::Result<ContactsTarget> contacts_target(const Loaded& loaded) const;

  CLI::App app_{"Presence server: who is online, told to whom it concerns.", "presenced"};
  CLI::App* serve_;
  CLI::App* token_;
  CLI::App* contacts_;
  CLI::App* import_;
  CLI::App* export_;
  CLI::App* check_config_;
  CLI::App* settings_;
  std::map<std::string_view, CLI::Option*> setting_options_;
  CLI::Option* config_option_ = nullptr;

  std::string config_file_;
  std::string token_secret_;
  std::string token_user_;
  std::string token_ttl_ = "1h";
  std::string import_file_;
  bool one_way_ = false;
  std::string export_format_ = "json";
  std::string server_;
  bool markdown_ = false;
};

Parser::Parser() {
  app_.set_version_flag("--version", fmt::format("presenced {}", version()));
  app_.require_subcommand(0, 1);
  app_.allow_extras();
  app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app_.footer(
      "Every setting can also stand in the file (auth.mode) or in the environment "
      "(PRESENCED_AUTH_MODE).");
  config_option_ =
      app_.add_option("--config", config_file_, "TOML file with settings [PRESENCED_CONFIG]")
          ->type_name("FILE");
  add_settings();

  serve_ = command(app_, "serve", "Run the server (what happens without a command)");

  token_ = command(app_, "token", "Print a JWT for trying the server out");
  token_->add_option("--secret", token_secret_,
                     "Secret to sign with, or @FILE (default: jwt.secret)");
  token_->add_option("--sub", token_user_, "User id");
  token_->add_option("--ttl", token_ttl_, "How long the token is valid")->capture_default_str();

  contacts_ = command(app_, "contacts", "Import or export contacts");
  contacts_->require_subcommand(0, 1);
  contacts_->add_option("--server", server_,
                        "URL of a running server to work on (with --api-key), instead of data_dir");
  import_ = command(*contacts_, "import", "Read contacts from a JSON, NDJSON or CSV file");
  import_->add_option("FILE", import_file_, "The file, in .json, .ndjson or .csv");
  import_->add_flag("--one-way", one_way_,
                    "The first sees the second, and not the other way round");
  export_ = command(*contacts_, "export", "Write all contacts to standard output");
  export_->add_option("--format", export_format_, "json, ndjson or csv")->capture_default_str();

  check_config_ = command(app_, "check-config", "Check the settings and print those in effect");

  settings_ = command(app_, "settings", "");
  settings_->group("");  // for the documentation, not for the help
  settings_->add_flag("--markdown", markdown_, "Print docs/settings.md");
}

CLI::App* Parser::command(CLI::App& parent, const char* name, const char* description) {
  CLI::App* added = parent.add_subcommand(name, description);
  added->fallthrough();
  added->allow_extras();
  return added;
}

void Parser::add_settings() {
  for (const Setting& setting : setting_table()) {
    std::string description(setting.description);
    if (!setting.default_value.empty())
      description += fmt::format(" (default: {})", setting.default_value);
    CLI::Option* option =
        app_.add_option(flag_name(setting.name))
            ->description(description)
            ->type_name("")
            ->group(is_available(setting.feature) ? group_title(setting.name) : "");
    option->expected(is_boolean(setting) ? 0 : 1, 1);
    setting_options_[setting.name] = option;
  }
}

base::Result<CommandLine> Parser::parse(std::span<const std::string> arguments,
                                        const Environment& environment) {
  // The parser would take the next argument for the value of `--x=`.
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1)
      return refuse(printable(argument.substr(0, argument.size() - 1)) + ": needs a value");
  }
  try {
    app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& success) {  // --help or --version
    std::ostringstream out;
    app_.exit(success, out, out);
    return PrintCommand{out.str()};
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    return refuse(text.substr(0, text.find(':')) + ": needs a value");
  } catch (const CLI::ParseError& error) {
    std::string text = error.what();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return refuse(std::move(text));
  }
  if (auto rest = check_rest(); !rest) return tl::unexpected(rest.error());
  if (settings_->parsed()) {
    if (!markdown_) return refuse("settings: needs --markdown");
    return PrintCommand{settings_markdown()};
  }
  const bool whole = !token_->parsed() && !contacts_->parsed();
  auto loaded = load_settings(environment, whole ? Check::kCombinations : Check::kValuesOnly);
  if (!loaded) return tl::unexpected(loaded.error());
  if (token_->parsed()) return token(*loaded);
  if (contacts_->parsed()) return contacts(*loaded);
  if (check_config_->parsed()) {
    std::string toml = to_toml(loaded->settings, Secrets::kMasked, loaded->origins);
    return CheckConfigCommand{std::move(*loaded), std::move(toml)};
  }
  return ServeCommand{std::move(*loaded)};
}

// What no command, flag or argument of a command took.
base::Result<void> Parser::check_rest() const {
  const std::vector<std::string> rest = app_.remaining(true);
  if (rest.empty()) return {};
  const std::string& first = rest.front();
  if (!first.starts_with('-')) {
    const std::vector<std::string> commands{"serve", "token", "contacts", "check-config"};
    if (std::find(commands.begin(), commands.end(), first) != commands.end())
      return refuse(first + ": only one command can be given");
    return refuse("unknown command " + in_backquotes(first) + did_you_mean(first, commands));
  }
  std::vector<std::string> flags{"--config", "--help", "--version"};
  for (const Setting& setting : setting_table())
    if (is_available(setting.feature)) flags.push_back(flag_name(setting.name));
  for (const CLI::App* app : {token_, contacts_, import_, export_}) {
    if (!app->parsed()) continue;
    for (const CLI::Option* option : app->get_options())
      if (!option->get_lnames().empty()) flags.push_back("--" + option->get_lnames().front());
  }
  const std::string flag = first.substr(0, first.find('='));
  return refuse(printable(flag) + ": unknown flag" + did_you_mean(flag, flags, 2));
}

base::Result<Loaded> Parser::load_settings(const Environment& environment, Check check) const {
  Sources sources{config_file_, environment, {}};
  std::string file_origin = "--config";
  if (config_option_->count() == 0) {
    const auto variable = environment.find("PRESENCED_CONFIG");
    if (variable != environment.end()) sources.file = variable->second;
    file_origin = "PRESENCED_CONFIG";
  }
  if (!sources.file.empty()) {
    if (const auto content = read_file(sources.file); !content)
      return refuse(file_origin + ": " + content.error().message);
  }
  for (const Setting& setting : setting_table()) {
    const CLI::Option* option = setting_options_.at(setting.name);
    if (option->count() == 0) continue;
    std::string text = option->results().empty() ? std::string() : option->results().back();
    if (text.empty() && is_boolean(setting)) text = "true";
    sources.flags.emplace_back(setting.name, std::move(text));
  }
  return load(sources, check);
}

base::Result<CommandLine> Parser::token(const Loaded& loaded) const {
  const Settings& s = loaded.settings;
  if (token_user_.empty()) return refuse("--sub: the user id is needed");
  auto secret = resolve_secret(token_secret_);
  if (!secret) return refuse("--secret: " + secret.error().message);
  if (secret->empty()) secret = s.jwt.secret;
  if (secret->empty()) return refuse("--secret: the secret is needed, here or as jwt.secret");
  const auto ttl = parse_duration(token_ttl_);
  if (!ttl || *ttl < std::chrono::seconds(1) || *ttl > std::chrono::hours(24 * 3650)) {
    return refuse(fmt::format("--ttl: must be {}, from 1s to 3650d, not {}", kDurationExamples,
                              in_backquotes(token_ttl_)));
  }
  return TokenCommand{std::move(*secret), token_user_,    *ttl,
                      s.jwt.issuer,       s.jwt.audience, s.jwt.user_claim};
}

base::Result<ContactsTarget> Parser::contacts_target(const Loaded& loaded) const {
  const Settings& s = loaded.settings;
  if (server_.empty()) return ContactsTarget{{}, {}, s.data_dir};
  if (!server_.starts_with("http://") && !server_.starts_with("https://"))
    return refuse("--server: must begin with http:// or https://, not " + in_backquotes(server_));
  if (s.api_key.empty()) return refuse("--server: needs --api-key");
  return ContactsTarget{server_, s.api_key, {}};
}

base::Result<CommandLine> Parser::contacts(const Loaded& loaded) const {
  auto target = contacts_target(loaded);
  if (!target) return tl::unexpected(target.error());
  if (import_->parsed()) {
    if (import_file_.empty()) return refuse("contacts import: the name of a file is needed");
    return ContactsImportCommand{import_file_, !one_way_, std::move(*target)};
  }
  if (!export_->parsed()) return refuse("contacts: needs import or export");
  const std::vector<std::pair<std::string_view, ContactsFormat>> formats{
      {"json", ContactsFormat::kJson},
      {"ndjson", ContactsFormat::kNdjson},
      {"csv", ContactsFormat::kCsv}};
  for (const auto& [name, format] : formats)
    if (export_format_ == name) return ContactsExportCommand{format, std::move(*target)};
  return refuse("--format: must be one of json, ndjson, csv, not " + in_backquotes(export_format_));
}

}  // namespace

base::Result<CommandLine> parse_command_line(std::span<const std::string> arguments,
                                             const Environment& environment) {
  return Parser().parse(arguments, environment);
}

std::string_view version() { return PRESENCED_VERSION; }

}  // namespace config
