// What other back ends publish: the first byte picks the channel. What is understood can be sent to
// clients, and what is read as a tree can be written as one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "adapter/message.h"
#include "adapter/requests.h"
#include "base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view payload(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto request = adapter::parse(
      data[0] == 'r' ? adapter::kRequestChannel : adapter::kBroadcastChannel, payload);
  if (request && *request) {
    if (const auto* broadcast = std::get_if<adapter::Broadcast>(&**request)) {
      if (!base::is_valid_utf8(broadcast->event.args_json)) std::abort();
      if (broadcast->event.attachments.size() > adapter::kMaxAttachments) std::abort();
    }
  }
  const auto message = adapter::read_message(payload);
  if (!message) return 0;
  static_cast<void>(
      adapter::read_message(adapter::to_msgpack(message->value, message->attachments)));
  return 0;
}
