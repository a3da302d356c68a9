// Calls to the AWS query APIs that a key's rotation needs (IAM, STS), signed by libcurl. Errors say
// the action, the status and AWS's own error code, never the answer's text. Stateless; blocks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "firebreak/result.h"
#include "firebreak/rotator.h"

namespace firebreak::rotate {

struct AwsKey {
  std::string id;  // empty: nobody, the call is not signed
  SecretValue secret;
  SecretValue session = {};  // of credentials that end by themselves
};

struct AwsAnswer {
  SecretValue body;  // XML; may hold a new secret
  // The texts of all elements of that name, in their order.
  std::vector<std::string> texts(const std::string& element) const;
  std::string text(const std::string& element) const;
};

// `endpoint` empty: AWS's own. kUnauthorized: the key is refused. kAlreadyExists: as many as AWS allows.
// kTooManyRequests, kUnavailable: later.
Result<AwsAnswer> callAws(const std::string& service, const std::string& endpoint, const AwsKey& key,
                          const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace firebreak::rotate
