#include "base/result.h"

namespace base {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kUnknownEvent: return "unknown_event";
    case ErrorCode::kUnauthorized: return "unauthorized";
    case ErrorCode::kTokenExpired: return "token_expired";
    case ErrorCode::kTooManyDevices: return "too_many_devices";
    case ErrorCode::kRateLimited: return "rate_limited";
    case ErrorCode::kStoreUnavailable: return "store_unavailable";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kInternal: break;
  }
  return "internal";
}

}  // namespace base
