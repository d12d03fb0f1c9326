#include "redis/url.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/http.h"

namespace redis {
namespace {

constexpr uint16_t kRedisPort = 6379;
constexpr uint16_t kSentinelPort = 26379;
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
constexpr std::string_view kAddressCharacters = "0123456789abcdefABCDEF:.";
constexpr int kMaxDatabase = 1'000'000;

struct Scheme {
  std::string_view text;
  Topology topology;
  bool tls;
};
constexpr Scheme kSchemes[] = {
    {"redis://", Topology::kSingle, false},
    {"rediss://", Topology::kSingle, true},
    {"redis+sentinel://", Topology::kSentinel, false},
    {"rediss+sentinel://", Topology::kSentinel, true},
    {"redis+cluster://", Topology::kCluster, false},
    {"rediss+cluster://", Topology::kCluster, true},
};

tl::unexpected<base::Error> refuse(std::string_view what) {
  return base::fail(base::ErrorCode::kInvalidArgument, fmt::format("redis URL: {}", what));
}

// Reads from left to right; what has been read is cut off.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  base::Result<Url> parse() {
    for (const auto step : {&Parser::scheme, &Parser::options, &Parser::path, &Parser::credentials,
                            &Parser::addresses})
      if (auto done = (this->*step)(); !done) return tl::unexpected(done.error());
    return std::move(url_);
  }

 private:
  using Step = base::Result<void>;

  Step scheme() {
    for (const Scheme& scheme : kSchemes) {
      if (!rest_.starts_with(scheme.text)) continue;
      rest_.remove_prefix(scheme.text.size());
      url_.topology = scheme.topology;
      url_.tls = scheme.tls;
      return {};
    }
    return refuse(
        "it has to begin with redis://, rediss:// (TLS), redis+sentinel://, rediss+sentinel://, "
        "redis+cluster:// or rediss+cluster://");
  }

  Step options() {
    if (rest_.find('#') != std::string_view::npos)
      return refuse("`#` has no meaning here; in a password it is written %23");
    const std::size_t mark = rest_.find('?');
    if (mark == std::string_view::npos) return {};
    for (const auto& [key, value] : net::parse_query(rest_.substr(mark + 1))) {
      if (key == "ca" && url_.tls) {
        url_.ca_file = value;
      } else if (key == "insecure" && url_.tls && (value == "true" || value == "false")) {
        url_.insecure = value == "true";
      } else if (key == "sentinel_user" && url_.topology == Topology::kSentinel) {
        url_.sentinel_user = value;
      } else if (key == "sentinel_password" && url_.topology == Topology::kSentinel) {
        url_.sentinel_password = value;
      } else if (key == "ca" || key == "insecure") {
        return refuse(url_.tls ? fmt::format("insecure is true or false, not `{}`", value)
                               : fmt::format("{} is for TLS: rediss", key));
      } else if (key == "sentinel_user" || key == "sentinel_password") {
        return refuse(fmt::format("{} is for redis+sentinel://", key));
      } else {
        return refuse(
            fmt::format("there is no option `{}`; options: ca, insecure, sentinel_user, "
                        "sentinel_password",
                        key));
      }
    }
    rest_ = rest_.substr(0, mark);
    return {};
  }

  Step path() {
    const std::size_t slash = rest_.find('/');
    if (slash == std::string_view::npos) {
      if (url_.topology == Topology::kSentinel)
        return refuse("the name of the master is missing: redis+sentinel://HOST:PORT/MASTER");
      return {};
    }
    std::string_view path = rest_.substr(slash + 1);
    rest_ = rest_.substr(0, slash);
    if (rest_.empty()) return refuse("the host is missing");
    if (url_.topology == Topology::kCluster) {
      if (!path.empty() && path != "0") return refuse("a cluster has no other database than 0");
      return {};
    }
    if (url_.topology == Topology::kSentinel) {
      const std::size_t end = path.find('/');
      std::optional<std::string> name =
          base::percent_decode(path.substr(0, end), base::Plus::kLiteral);
      if (!name) return refuse("a broken % escape in the name of the master");
      if (name->empty())
        return refuse("the name of the master is missing: redis+sentinel://HOST:PORT/MASTER");
      url_.master = std::move(*name);
      if (end == std::string_view::npos) return {};
      path.remove_prefix(end + 1);
    }
    if (path.empty()) return {};
    const auto [end, error] =
        std::from_chars(path.data(), path.data() + path.size(), url_.database);
    if (error != std::errc() || end != path.data() + path.size() || url_.database < 0 ||
        url_.database > kMaxDatabase)
      return refuse(
          "the database after the last `/` is not a number: is there a `/` in the "
          "password? It is written %2F");
    return {};
  }

  Step credentials() {
    const std::size_t at = rest_.rfind('@');
    if (at == std::string_view::npos) return {};
    const std::string_view text = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
      return refuse("a user without a password: USER:PASSWORD@HOST, or :PASSWORD@HOST");
    std::optional<std::string> user =
        base::percent_decode(text.substr(0, colon), base::Plus::kLiteral);
    std::optional<std::string> password =
        base::percent_decode(text.substr(colon + 1), base::Plus::kLiteral);
    if (!user) return refuse("a broken % escape in the user");
    if (!password) return refuse("a broken % escape in the password");
    if (password->empty()) return refuse("the password before `@` is empty");
    url_.user = std::move(*user);
    url_.password = std::move(*password);
    return {};
  }

  Step addresses() {
    if (rest_.empty()) return refuse("the host is missing");
    if (url_.topology == Topology::kSingle && rest_.find(',') != std::string_view::npos)
      return refuse("several hosts need redis+sentinel:// or redis+cluster://");
    for (bool more = true; more;) {
      const std::size_t comma = rest_.find(',');
      more = comma != std::string_view::npos;
      if (auto done = address(rest_.substr(0, comma)); !done) return done;
      rest_.remove_prefix(more ? comma + 1 : rest_.size());
    }
    return {};
  }

  Step address(std::string_view text) {
    Address address;
    address.port = url_.topology == Topology::kSentinel ? kSentinelPort : kRedisPort;
    std::string_view port;
    bool has_port = false;
    const bool in_brackets = text.starts_with('[');
    if (in_brackets) {
      const std::size_t bracket = text.find(']');
      if (bracket == std::string_view::npos) return refuse("a `[` without its `]`");
      address.host = text.substr(1, bracket - 1);
      text.remove_prefix(bracket + 1);
      if (!text.empty() && !text.starts_with(':'))
        return refuse("after `]` only a port can follow");
      has_port = !text.empty();
      if (has_port) port = text.substr(1);
    } else {
      const std::size_t colon = text.find(':');
      has_port = colon != std::string_view::npos;
      address.host = text.substr(0, colon);
      if (has_port) port = text.substr(colon + 1);
      if (port.find(':') != std::string_view::npos)
        return refuse("an IPv6 address stands in brackets: [::1]:6379");
    }
    if (address.host.empty()) return refuse("the host is missing");
    const std::string_view allowed = in_brackets ? kAddressCharacters : kNameCharacters;
    if (address.host.find_first_not_of(allowed) != std::string::npos)
      return refuse(fmt::format("`{}` is no host", address.host));
    if (has_port) {
      const std::optional<uint16_t> number = parse_port(port);
      if (!number) return refuse(fmt::format("port `{}` is not 1 to 65535", port));
      address.port = *number;
    }
    url_.addresses.push_back(std::move(address));
    return {};
  }

  std::string_view rest_;
  Url url_;
};

// What a URL may hold as it stands, and what is in `also`.
std::string percent_encode(std::string_view text, std::string_view also = {}) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos ||
                       also.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

base::Result<Url> Url::parse(std::string_view text) { return Parser(text).parse(); }

std::string Url::masked() const {
  std::string out = tls ? "rediss" : "redis";
  if (topology == Topology::kSentinel) out += "+sentinel";
  if (topology == Topology::kCluster) out += "+cluster";
  out += "://";
  if (!password.empty()) out += percent_encode(user) + ":***@";
  for (std::size_t i = 0; i < addresses.size(); ++i)
    out += (i == 0 ? "" : ",") + to_text(addresses[i]);
  if (topology == Topology::kSentinel) out += '/' + percent_encode(master);
  if (database != 0) out += fmt::format("/{}", database);
  char separator = '?';
  const auto option = [&](std::string_view key, std::string_view value) {
    out += std::exchange(separator, '&');
    out.append(key).append("=").append(value);
  };
  if (!ca_file.empty()) option("ca", percent_encode(ca_file, "/"));
  if (insecure) option("insecure", "true");
  if (!sentinel_user.empty()) option("sentinel_user", percent_encode(sentinel_user));
  if (!sentinel_password.empty()) option("sentinel_password", "***");
  return out;
}

}  // namespace redis
