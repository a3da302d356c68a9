// Whom a person has to ask when a fix is undone again and again: the source that an object comes from,
// by the marks that Helm, Flux and Argo CD leave on it, and the change to make there. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "firebreak/plan.h"

namespace firebreak::remediate {

// "Argo CD shop:apps/Deployment:shop/web", "Helm release shop"; empty where there is no mark.
std::string gitMarks(const Json& live);

// "in Service shop/console set spec.type to \"ClusterIP\" and remove spec.ports"; at most `most` bytes.
std::string changeInGit(const Step& step, size_t most = 700);

}  // namespace firebreak::remediate
