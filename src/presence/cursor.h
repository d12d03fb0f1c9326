// Cursor: how far a client's picture of its contacts goes (contract, section 2).
//
// Versions of all users come from one growing sequence, so "everything up to sequence N of this
// run of the server" says exactly which contacts have changed since.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "presence/ids.h"

namespace presence {

struct Cursor {
  Version run = 0;       // the sequence at which this run of the server began
  uint32_t user = 0;     // whose picture it is: a hash, since a cursor is no secret
  Version sequence = 0;  // everything up to here is known
  bool operator==(const Cursor&) const = default;
};

std::string encode_cursor(const Cursor& cursor);
// Nothing for a text that encode_cursor() never makes.
std::optional<Cursor> parse_cursor(std::string_view text);

}  // namespace presence
