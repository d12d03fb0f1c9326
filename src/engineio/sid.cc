#include "engineio/sid.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace engineio {

Sid Sid::create(base::RandomSource& random, uint16_t node, uint8_t thread) {
  Sid sid;
  random.fill(std::span(sid.bytes).first(kRandomBytes));
  sid.bytes[kRandomBytes] = static_cast<uint8_t>(node >> 8);
  sid.bytes[kRandomBytes + 1] = static_cast<uint8_t>(node & 0xff);
  sid.bytes[kRandomBytes + 2] = thread;
  return sid;
}

std::optional<Sid> Sid::parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  const std::optional<std::string> decoded = base::base64url_decode(text);
  Sid sid;
  if (!decoded || decoded->size() != sid.bytes.size()) return std::nullopt;
  std::copy(decoded->begin(), decoded->end(), sid.bytes.begin());
  return sid;
}

std::string Sid::text() const { return base::base64url_encode(bytes); }

}  // namespace engineio
