// PendingAcks: the acknowledgements that one socket still owes this side, each with its deadline.
// Internal to socketio; one core thread.
#pragma once

#include <boost/json/array.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "base/time.h"
#include "engineio/deadlines.h"
#include "socketio/connection.h"
#include "socketio/socket.h"

namespace socketio {

class PendingAcks {
 public:
  void add(uint64_t id, AckCallback callback, engineio::Deadlines& deadlines,
           base::SteadyTime deadline);
  // An id that is not waited for, or no longer, is ignored.
  void answer(uint64_t id, const boost::json::array& args, Attachments attachments);
  // The socket is gone.
  void abandon();

 private:
  struct Entry final : Timer {
    Entry(PendingAcks& owner, uint64_t number, AckCallback function);
    void on_due() override;

    PendingAcks& acks;
    uint64_t id;
    AckCallback callback;
  };

  void conclude(uint64_t id, const AckAnswer& answer);

  std::map<uint64_t, std::unique_ptr<Entry>> entries_;
};

}  // namespace socketio
