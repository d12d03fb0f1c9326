// JSON bodies of operators' requests.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/result.h"

namespace admin {

// Refuses (kInvalidArgument) what is not one JSON value, or is nested too deeply.
base::Result<boost::json::value> parse_body(std::string_view body);

}  // namespace admin
