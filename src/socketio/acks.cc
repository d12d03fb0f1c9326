#include "socketio/acks.h"

#include <utility>

namespace socketio {

PendingAcks::Entry::Entry(PendingAcks& owner, uint64_t number, AckCallback function)
    : acks(owner), id(number), callback(std::move(function)) {}

void PendingAcks::Entry::on_due() {
  acks.conclude(id, AckAnswer{AckAnswer::Outcome::kTimeout, nullptr, {}});
}

void PendingAcks::add(uint64_t id, AckCallback callback, engineio::Deadlines& deadlines,
                      base::SteadyTime deadline) {
  auto entry = std::make_unique<Entry>(*this, id, std::move(callback));
  deadlines.arm(*entry, deadline);
  entries_.emplace(id, std::move(entry));
}

void PendingAcks::answer(uint64_t id, const boost::json::array& args, Attachments attachments) {
  conclude(id, AckAnswer{AckAnswer::Outcome::kAnswered, &args, attachments});
}

void PendingAcks::abandon() {
  while (!entries_.empty()) {
    conclude(entries_.begin()->first, AckAnswer{AckAnswer::Outcome::kDisconnected, nullptr, {}});
  }
}

void PendingAcks::conclude(uint64_t id, const AckAnswer& answer) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  // Out of the map before the call, which may ask for more or end the socket.
  const std::unique_ptr<Entry> entry = std::move(found->second);
  entries_.erase(found);
  entry->callback(answer);
}

}  // namespace socketio
