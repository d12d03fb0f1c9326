// What an operation that can be refused returns. A refusal is a value, not an exception: it is
// expected, it names the field or setting at fault, and the caller decides whom to tell.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace base {

// The codes of the contract's `{code, message}` answers, spelled on the wire by error_code_name().
enum class ErrorCode {
  kInvalidArgument,
  kUnknownEvent,
  kUnauthorized,
  kTokenExpired,
  kTooManyDevices,
  kRateLimited,
  kStoreUnavailable,
  kNotFound,
  kConflict,
  kInternal,
};

std::string_view error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one sentence for a person; names the field
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace base
