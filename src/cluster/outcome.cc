#include "cluster/outcome.h"

#include "cluster/text_reader.h"

namespace cluster {
namespace {

presence::Status read_status(TextReader& in) {
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
  TextReader in(text);
  Outcome outcome;
  presence::Truth& truth = outcome.truth;
  outcome.refused = in.one_of<bool>({{"changed", false}, {"same", false}, {"too_many", true}});
  truth.user = in.text();
  outcome.reporter = in.text();
  outcome.attachment = in.number();
  truth.version = in.number();
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

std::optional<OutcomeHead> parse_outcome_head(std::string_view text) {
  TextReader in(text);
  static_cast<void>(in.text());
  OutcomeHead head;
  head.user = in.text();
  head.reporter = in.text();
  head.attachment = in.number();
  if (in.failed()) return std::nullopt;
  return head;
}

}  // namespace cluster
