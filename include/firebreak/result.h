// Result<T>: how every fallible call in Firebreak reports failure. No exception crosses a module's
// edge; what cannot happen is crashed on, what a network, a user or another party can cause is an
// Error with a message that says what was tried, on which object, and what to do next.
// Values: safe to copy and to hand between threads.
#pragma once

#include <chrono>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace firebreak {

enum class ErrorCode {
  kInvalid,          // the input is wrong (bad policy, bad file, HTTP 400 or 422): asking again does not help
  kNotFound,         // HTTP 404
  kConflict,         // HTTP 409: the object changed, read again and decide again
  kAlreadyExists,    // HTTP 409 with reason AlreadyExists
  kForbidden,        // HTTP 403: RBAC or an admission policy refused
  kUnauthorized,     // HTTP 401
  kGone,             // HTTP 410 or reason Expired: list again
  kTooManyRequests,  // HTTP 429
  kUnavailable,      // HTTP 500, 502, 503, 504, or the connection failed: try again later
  kTimeout,          // no answer in time; the outcome of a write is unknown
  kInternal,         // a fault of ours that was contained
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  // Useful alone: verb, object, cause, next step. Never holds a secret value.
  std::string message;
  // HTTP status, 0 where there was none.
  int httpStatus = 0;
  // What the server asked for (Retry-After), 0 where it did not ask.
  std::chrono::milliseconds retryAfter{0};
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message), 0, std::chrono::milliseconds{0}});
}

// True where the same call may succeed later without anybody changing anything.
inline bool isRetryable(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout ||
         error.code == ErrorCode::kTooManyRequests || error.code == ErrorCode::kConflict;
}

}  // namespace firebreak
