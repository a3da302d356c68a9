// ProbeAnswer: what one unauthenticated GET brought back. Made by control/prober, judged by the pure
// functions of this folder. A plain value; may hold text of a stranger's server, so it is never logged.
#pragma once

#include <string>

namespace firebreak::detect {

struct ProbeAnswer {
  enum class Outcome {
    kAnswered,  // an HTTP status came back
    kRefused,   // connection refused, reset, or no route
    kTimedOut,  // no (complete) answer in time
    kTlsError,  // the other side does not speak TLS, or not with us
    kFailed,    // not asked, or nothing can be said; see `error`
  };
  Outcome outcome = Outcome::kFailed;
  // The path that was asked for, with its query, as in ProofRequest::path.
  std::string path;
  int status = 0;  // HTTP status, 0 where none came
  std::string contentType;
  std::string location;  // Location header as sent
  std::string body;      // the first 64 KiB
  bool truncated = false;
  std::string error;  // for people: why it was not answered
};

}  // namespace firebreak::detect
