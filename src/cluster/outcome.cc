#include "cluster/outcome.h"

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace cluster {
namespace {

// Texts, each written as its length, a colon, and itself. What does not fit makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::string_view text() {
    const std::size_t colon = rest_.find(':');
    std::size_t length = 0;
    if (!parse(rest_.substr(0, colon), length) || colon == std::string_view::npos ||
        length > rest_.size() - colon - 1)
      return fail();
    const std::string_view part = rest_.substr(colon + 1, length);
    rest_.remove_prefix(colon + 1 + length);
    return part;
  }
  uint64_t number() {
    uint64_t value = 0;
    if (!parse(text(), value) || value >= uint64_t{1} << 53) fail();
    return failed_ ? 0 : value;
  }
  base::WallTime time() { return base::wall_from_millis(static_cast<int64_t>(number())); }
  bool flag() {
    const std::string_view value = text();
    if (value != "0" && value != "1") fail();
    return value == "1";
  }
  // One of `names`, by its place.
  template <class Enum>
  Enum one_of(std::initializer_list<std::pair<std::string_view, Enum>> names) {
    const std::string_view value = text();
    for (const auto& [name, meaning] : names)
      if (name == value) return meaning;
    fail();
    return names.begin()->second;
  }
  presence::SocketId socket_id() {
    const std::string_view value = text();
    if (value.size() == presence::SocketId::kSize) return presence::SocketId(value);
    fail();
    return {};
  }
  // How many are to follow; each takes some of the text.
  std::size_t count() {
    const uint64_t value = number();
    if (value > rest_.size()) fail();
    return failed_ ? 0 : value;
  }
  [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  template <class Number>
  static bool parse(std::string_view digits, Number& value) {
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc() && stop == end && !digits.empty();
  }
  std::string_view fail() {
    failed_ = true;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool failed_ = false;
};

presence::Status read_status(Reader& in) {
  using presence::Status;
  return in.one_of<Status>({{"offline", Status::offline},
                            {"online", Status::online},
                            {"away", Status::away},
                            {"busy", Status::busy}});
}

}  // namespace

std::optional<Outcome> parse_outcome(std::string_view text, std::string_view node) {
  using presence::DeviceType;
  using presence::OfflineReason;
  Reader in(text);
  Outcome outcome;
  presence::Truth& truth = outcome.truth;
  outcome.refused = in.one_of<bool>({{"changed", false}, {"same", false}, {"too_many", true}});
  truth.user = in.text();
  truth.version = in.number();
  outcome.reporter = in.text();
  truth.status = read_status(in);
  truth.auto_away = in.flag();
  truth.message = in.text();
  truth.last_seen = in.time();
  truth.reason = in.one_of<OfflineReason>({{"disconnected", OfflineReason::disconnected},
                                           {"inactive", OfflineReason::inactive},
                                           {"manual", OfflineReason::manual}});
  truth.own_last_seen = in.time();
  truth.visible_since = in.time();
  truth.choice.status = read_status(in);
  truth.choice.message = in.text();
  if (const base::WallTime ends = in.time(); ends != base::WallTime{})
    truth.choice.expires_at = ends;
  for (std::size_t left = in.count(); left > 0 && !in.failed(); --left)
    truth.replaced.push_back(in.socket_id());
  for (std::size_t left = in.count(); left > 0 && !in.failed(); --left) {
    presence::Truth::Device device;
    device.socket_id = in.socket_id();
    device.lingering = in.one_of<bool>({{"live", false}, {"lingering", true}});
    device.idle = in.flag();
    device.type = in.one_of<DeviceType>({{"web", DeviceType::web},
                                         {"mobile", DeviceType::mobile},
                                         {"desktop", DeviceType::desktop}});
    device.connected_at = in.time();
    outcome.nodes.push_back(in.text());
    device.here = outcome.nodes.back() == node;
    truth.devices.push_back(device);
  }
  if (!in.done() || !presence::check_user_id(truth.user, "userId")) return std::nullopt;
  return outcome;
}

std::optional<std::string_view> user_of_outcome(std::string_view text) {
  Reader in(text);
  static_cast<void>(in.text());
  const std::string_view user = in.text();
  if (in.failed()) return std::nullopt;
  return user;
}

}  // namespace cluster
