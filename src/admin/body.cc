#include "admin/body.h"

#include <boost/json/parse.hpp>

namespace admin {

base::Result<boost::json::value> parse_body(std::string_view body) {
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = 16;
  boost::json::value value = boost::json::parse(body, error, {}, options);
  if (error)
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "the body must be JSON: " + error.message());
  return value;
}

}  // namespace admin
