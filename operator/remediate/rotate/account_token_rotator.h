// ServiceAccountToken: the token in a Secret of type kubernetes.io/service-account-token. Such a token is
// a pure function of namespace, ServiceAccount and the Secret's own name, so the same Secret made anew
// would get the same token. So another token Secret of the same ServiceAccount is made, its holder, and
// its token is written into the exposed Secret: whoever refers to that keeps its name, and the API
// server refuses the old token from then on, since it is no longer the one that its Secret holds. Its
// users fail from there until they are restarted: naming the Secret in a policy is the word that this is
// fine. Stateless; safe from any thread.
#pragma once

#include "firebreak/rotator.h"

namespace firebreak::rotate {

const Rotator& accountTokenRotator();

}  // namespace firebreak::rotate
