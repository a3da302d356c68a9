// ApiStatus: what the API server says when it refuses (metav1.Status), and how that becomes an
// Error that a person can act on. Stateless; safe from any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/result.h"

namespace firebreak::kube {

struct StatusCause {
  std::string field;
  std::string reason;
  std::string message;
};

struct ApiStatus {
  int code = 0;  // HTTP status
  std::string reason;
  std::string message;
  std::vector<StatusCause> causes;
  std::chrono::milliseconds retryAfter{0};  // the larger of header and details.retryAfterSeconds

  bool hasCause(std::string_view reason) const;
};

// `httpStatus` where the body is no Status (a proxy's HTML page, nothing at all).
ApiStatus parseApiStatus(std::string_view body, int httpStatus,
                         std::chrono::milliseconds retryAfterHeader = {});

ErrorCode codeOf(const ApiStatus& status);
// `what` is verb and object: "patch Pod shop/web-1".
Error toError(const ApiStatus& status, std::string_view what);

}  // namespace firebreak::kube
