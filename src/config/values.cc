#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>
#include <utility>

#include "base/text.h"
#include "config/load.h"
#include "config/suggest.h"

namespace config {
namespace {

constexpr std::size_t kMaxShown = 80;

struct Unit {
  std::string_view name;
  int64_t millis;
};
constexpr std::array<Unit, 5> kUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

template <class Int>
std::optional<Int> parse_integer(std::string_view text) {
  Int value{};
  const char* const end = text.data() + text.size();
  const auto [position, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || position != end) return std::nullopt;
  return value;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    items.emplace_back(base::trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return items;
}

// An origin as browsers send it (RFC 6454, 6.2): scheme://host, perhaps with a port, no path.
bool is_origin(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  const std::string_view host = text.substr(scheme + 3);
  return !host.empty() && host.find_first_of("/?#@ \t*") == std::string_view::npos;
}

// What a value was, for the end of a refusal.
std::string given(const Setting& setting, const RawValue& value) {
  if (setting.secret()) return {};
  struct Describe {
    std::string operator()(const FreeText& v) const { return ", not " + in_backquotes(v.text); }
    std::string operator()(const std::string& v) const {
      return ", not the string " + in_backquotes(v);
    }
    std::string operator()(int64_t v) const { return ", not the number " + std::to_string(v); }
    std::string operator()(bool v) const { return v ? ", not true" : ", not false"; }
    std::string operator()(const std::vector<std::string>&) const { return ", not an array"; }
    std::string operator()(const OtherTomlType&) const { return ", not a value of another type"; }
  };
  return std::visit(Describe(), value);
}

// Converts one value; one overload per type of member. Each returns false when the value is none of
// its type, and then says in `wanted_` what it should have been.
class Converter {
 public:
  Converter(const Setting& setting, const RawValue& value) : setting_(setting), value_(value) {}

  base::Result<void> operator()(std::string* member) const {
    const std::string* text = text_of();
    if (text == nullptr) return refuse("must be a string");
    if (setting_.secret()) {
      auto secret = resolve_secret(*text);
      if (!secret) return fail(": " + secret.error().message);
      *member = std::move(*secret);
      return {};
    }
    *member = *text;
    if (setting_.text == Text::kHttpPath) return check_path(*member);
    if (setting_.text == Text::kNodeId) return check_node_id(*member);
    if (text->find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos)
      return refuse("must be one line");
    if (text->empty() && !setting_.default_value.empty()) return fail(" must not be empty");
    return {};
  }

  base::Result<void> operator()(bool* member) const {
    if (const bool* value = std::get_if<bool>(&value_)) {
      *member = *value;
      return {};
    }
    if (const auto* free = std::get_if<FreeText>(&value_)) {
      for (const std::string_view word : {"true", "yes", "on", "1"})
        if (free->text == word) return *member = true, base::Result<void>();
      for (const std::string_view word : {"false", "no", "off", "0"})
        if (free->text == word) return *member = false, base::Result<void>();
    }
    return refuse("must be true or false");
  }

  base::Result<void> operator()(int64_t* member) const {
    std::optional<int64_t> number;
    if (const auto* value = std::get_if<int64_t>(&value_)) number = *value;
    if (const auto* free = std::get_if<FreeText>(&value_))
      number = parse_integer<int64_t>(free->text);
    const std::string* text = text_of();
    if (text != nullptr && !setting_.zero_word.empty() && *text == setting_.zero_word) number = 0;
    if (!number || *number < setting_.min || *number > setting_.max) {
      const std::string word =
          setting_.zero_word.empty() ? "" : fmt::format("`{}` or ", setting_.zero_word);
      return refuse(
          fmt::format("must be {}a whole number from {} to {}", word, setting_.min, setting_.max));
    }
    *member = *number;
    return {};
  }

  base::Result<void> operator()(base::Duration* member) const {
    std::optional<base::Duration> duration;
    if (const std::string* text = text_of()) duration = parse_duration(*text);
    if (const auto* value = std::get_if<int64_t>(&value_); value != nullptr && *value == 0)
      duration = base::Duration(0);
    if (!duration) return refuse("must be " + std::string(kDurationExamples));
    if (duration->count() < setting_.min || duration->count() > setting_.max) {
      return refuse(fmt::format("must be from {} to {}",
                                format_duration(base::Duration(setting_.min)),
                                format_duration(base::Duration(setting_.max))));
    }
    *member = *duration;
    return {};
  }

  base::Result<void> operator()(Endpoint* member) const {
    const std::string* text = text_of();
    const auto endpoint = text != nullptr ? parse_endpoint(*text) : std::nullopt;
    if (!endpoint)
      return refuse("must be an address and a port such as 127.0.0.1:8080 or [::1]:8080");
    *member = *endpoint;
    return {};
  }

  base::Result<void> operator()(std::optional<Endpoint>* member) const {
    if (const std::string* text = text_of(); text != nullptr && text->empty()) {
      member->reset();
      return {};
    }
    return (*this)(&member->emplace());
  }

  base::Result<void> operator()(std::vector<std::string>* member) const {
    auto items = list_of();
    if (!items) return refuse("must be an array of strings");
    for (const std::string& item : *items) {
      if (item != "*" && !is_origin(item)) {
        return fail(" must hold `*` or origins such as https://app.example.com, not " +
                    in_backquotes(item));
      }
    }
    *member = std::move(*items);
    return {};
  }

  base::Result<void> operator()(std::vector<net::AddressRange>* member) const {
    const auto items = list_of();
    if (!items) return refuse("must be an array of strings");
    std::vector<net::AddressRange> ranges;
    for (const std::string& item : *items) {
      const auto range = net::parse_address_range(item);
      if (!range) {
        return fail(" must hold addresses or networks such as 10.0.0.0/8 or 2001:db8::/32, not " +
                    in_backquotes(item));
      }
      ranges.push_back(*range);
    }
    *member = std::move(ranges);
    return {};
  }

  template <class Choice>
  requires std::is_enum_v<Choice> base::Result<void>
  operator()(Choice* member) const {
    const auto names = choice_names(Choice{});
    const std::string* text = text_of();
    const auto found = text == nullptr ? names.end() : std::find(names.begin(), names.end(), *text);
    if (found == names.end()) {
      const std::vector<std::string> known(names.begin(), names.end());
      return refuse(fmt::format("must be one of {}", fmt::join(names, ", ")),
                    text == nullptr ? "" : did_you_mean(*text, known));
    }
    const auto choice = static_cast<Choice>(found - names.begin());
    if constexpr (requires { feature_of(choice); }) {
      if (const Feature feature = feature_of(choice); !is_available(feature))
        return fail(
            fmt::format(" cannot be {}: {} is not in this version", *found, feature_name(feature)));
    }
    *member = choice;
    return {};
  }

 private:
  [[nodiscard]] const std::string* text_of() const {
    if (const auto* free = std::get_if<FreeText>(&value_)) return &free->text;
    return std::get_if<std::string>(&value_);
  }
  [[nodiscard]] std::optional<std::vector<std::string>> list_of() const {
    if (const auto* free = std::get_if<FreeText>(&value_)) return split_list(free->text);
    if (const auto* list = std::get_if<std::vector<std::string>>(&value_)) return *list;
    return std::nullopt;
  }

  [[nodiscard]] tl::unexpected<base::Error> fail(std::string_view rest) const {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      std::string(setting_.name) + std::string(rest));
  }
  [[nodiscard]] tl::unexpected<base::Error> refuse(std::string_view must,
                                                   std::string_view hint = {}) const {
    return fail(' ' + std::string(must) + given(setting_, value_) + std::string(hint));
  }

  base::Result<void> check_path(std::string& path) const {
    const bool clean = std::all_of(path.begin(), path.end(), [](char c) {
      return c > ' ' && c < '\x7f' && c != '?' && c != '#' && c != '%';
    });
    if (!path.starts_with('/') || !clean)
      return refuse("must be a path that begins with /, without escapes, query or spaces");
    if (!path.ends_with('/')) path += '/';
    return {};
  }

  base::Result<void> check_node_id(const std::string& id) const {
    constexpr std::size_t kMaxNodeIdBytes = 64;
    const bool clean = std::all_of(id.begin(), id.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '_' || c == '-';
    });
    if (!clean || id.size() > kMaxNodeIdBytes)
      return refuse("must be at most 64 letters, digits, dots, underscores or hyphens");
    return {};
  }

  const Setting& setting_;
  const RawValue& value_;
};

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

// One overload per type of member.
struct TomlWriter {
  const Setting& setting;

  std::string operator()(const std::string* v) const { return toml_string(*v); }
  std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
  std::string operator()(const int64_t* v) const {
    return *v == 0 && !setting.zero_word.empty() ? toml_string(setting.zero_word)
                                                 : std::to_string(*v);
  }
  std::string operator()(const base::Duration* v) const { return toml_string(format_duration(*v)); }
  std::string operator()(const Endpoint* v) const { return toml_string(v->to_string()); }
  std::string operator()(const std::optional<Endpoint>* v) const {
    return toml_string(*v ? (*v)->to_string() : "");
  }
  std::string operator()(const std::vector<std::string>* v) const {
    std::vector<std::string> items;
    for (const std::string& item : *v) items.push_back(toml_string(item));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  std::string operator()(const std::vector<net::AddressRange>* v) const {
    std::vector<std::string> items;
    for (const net::AddressRange& item : *v) items.push_back(toml_string(item.to_string()));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  template <class Choice>
  requires std::is_enum_v<Choice> std::string operator()(const Choice* v) const {
    return toml_string(choice_names(*v)[static_cast<std::size_t>(*v)]);
  }
};

struct TypeNames {
  const Setting& setting;

  std::string operator()(const std::string*) const {
    switch (setting.text) {
      case Text::kSecret: return "secret";
      case Text::kFile: return "file";
      case Text::kHttpPath: return "path";
      case Text::kPlain:
      case Text::kNodeId: break;
    }
    return "text";
  }
  std::string operator()(const bool*) const { return "true or false"; }
  std::string operator()(const int64_t*) const { return "number"; }
  std::string operator()(const base::Duration*) const { return "duration"; }
  std::string operator()(const Endpoint*) const { return "address:port"; }
  std::string operator()(const std::optional<Endpoint>*) const { return "address:port"; }
  std::string operator()(const std::vector<std::string>*) const { return "list"; }
  std::string operator()(const std::vector<net::AddressRange>*) const { return "list"; }
  template <class Choice>
  requires std::is_enum_v<Choice> std::string operator()(const Choice*) const {
    std::vector<std::string> names;
    for (const std::string_view name : choice_names(Choice{}))
      names.push_back(fmt::format("`{}`", name));
    return fmt::format("{}", fmt::join(names, ", "));
  }
};

// The slot of a setting in settings that are only read.
Slot slot_of(const Setting& setting, const Settings& settings) {
  return setting.slot(const_cast<Settings&>(settings));
}

bool is_empty(const RawValue& value) {
  if (const auto* free = std::get_if<FreeText>(&value)) return free->text.empty();
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr && text->empty();
}

}  // namespace

base::Result<void> assign(const Setting& setting, const RawValue& value, Settings& settings) {
  if (!is_available(setting.feature)) {
    if (is_empty(value)) return {};
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("{} cannot be set: {} is not in this version", setting.name,
                                  feature_name(setting.feature)));
  }
  return std::visit(Converter(setting, value), setting.slot(settings));
}

std::string toml_literal(const Setting& setting, const Settings& settings) {
  return std::visit(TomlWriter{setting}, slot_of(setting, settings));
}

bool is_set(const Setting& setting, const Settings& settings) {
  const std::string literal = toml_literal(setting, settings);
  return literal != "\"\"" && literal != "[]";
}

std::string type_name(const Setting& setting) {
  Settings settings;
  return std::visit(TypeNames{setting}, setting.slot(settings));
}

std::optional<base::Duration> parse_duration(std::string_view text) {
  if (text == "0") return base::Duration(0);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = parse_integer<int64_t>(text.substr(0, digits));
  for (const Unit& unit : kUnits) {
    if (text.substr(digits) != unit.name) continue;
    if (!count || *count > INT64_MAX / unit.millis) return std::nullopt;
    return base::Duration(*count * unit.millis);
  }
  return std::nullopt;
}

std::string format_duration(base::Duration duration) {
  const int64_t millis = duration.count();
  if (millis == 0) return "0";
  const Unit* best = &kUnits.front();
  for (const Unit& unit : kUnits)
    if (millis % unit.millis == 0) best = &unit;
  return std::to_string(millis / best->millis) + std::string(best->name);
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  const auto address = net::parse_ip_address(host == "localhost" ? "127.0.0.1" : host);
  const auto port = parse_integer<uint16_t>(text.substr(colon + 1));
  if (!address || !port) return std::nullopt;
  return Endpoint{*address, *port};
}

std::string Endpoint::to_string() const {
  const std::string host = address.to_string();
  return address.is_v4() ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

base::Result<std::string> resolve_secret(std::string_view text) {
  if (!text.starts_with('@')) return std::string(text);
  auto content = read_file(std::string(text.substr(1)));
  if (!content) return content;
  if (content->ends_with('\n')) {
    content->pop_back();
    if (content->ends_with('\r')) content->pop_back();
  }
  if (content->empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "the file " + std::string(text.substr(1)) + " is empty");
  }
  return content;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxShown))
    out += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? '?' : c;
  if (text.size() > kMaxShown) out += "...";
  return out;
}

std::string in_backquotes(std::string_view text) { return '`' + printable(text) + '`'; }

}  // namespace config
