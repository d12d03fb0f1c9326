// The members of a token's header or payload that the verifier reads, and no others.
//
// A document tree keeps only the last of two members of one name, so it cannot tell whether the
// other party, reading the first, understood something else. This reader looks at the parser's
// events: a wanted member given twice is refused, in whichever way its name is escaped.
// Internal to auth; pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace auth {

struct JsonMember {
  enum class Kind { kString, kNumber, kStrings, kOther };

  std::string name;
  Kind kind = Kind::kOther;
  std::string text;                // kString
  double number = 0;               // kNumber
  std::vector<std::string> texts;  // kStrings: an array of strings, perhaps empty
};

// The members of the JSON object `text` whose names are among `wanted`. Refuses (kUnauthorized)
// what is not exactly one JSON object in UTF-8, nested at most 32 deep; the message begins with
// `part`.
base::Result<std::vector<JsonMember>> read_json_members(std::string_view part,
                                                        std::string_view text,
                                                        std::span<const std::string_view> wanted);

// The member of that name, or nullptr.
const JsonMember* find_member(const std::vector<JsonMember>& members, std::string_view name);

}  // namespace auth
