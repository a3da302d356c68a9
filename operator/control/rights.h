// Rights: which of a policy's actions the chart did not grant, asked of the API server
// (SelfSubjectAccessReview), so that a policy says `RightsMissing` before anything has failed.
#pragma once

#include <string>
#include <vector>

#include "firebreak/policy.h"
#include "kube/client.h"

namespace firebreak::control {

struct MissingRight {
  std::string action;  // "Isolate", "rotator storefront"
  std::string verb;    // "patch pods", "patch secrets in namespace ops"
};

// An error where the API server could not be asked.
Result<std::vector<MissingRight>> missingRights(kube::Client& client, const SecurityPolicy& policy);

}  // namespace firebreak::control
