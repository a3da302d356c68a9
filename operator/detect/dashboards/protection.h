// Layers in front of a console that ask for a login, as far as manifests show them. Pure.
#pragma once

#include <set>
#include <string>

#include "firebreak/observed.h"

namespace firebreak::detect {

enum class Protection {
  kNone,
  kNarrowed,  // only some addresses get in
  kUnclear,   // a layer that may ask for a login; manifests do not tell
  kLogin,     // a layer that asks for a login
};

// By the annotations of common ingress controllers. `loginMiddlewares`: names of Traefik middlewares
// of the input that ask for a login.
Protection protectionOf(const Ingress& ingress, const std::set<std::string>& loginMiddlewares);

// A load balancer that admits some addresses only, or that its cloud makes for its private network.
bool isForFew(const Service& loadBalancer);

// The container of this pod that asks for a login before it passes requests on to a neighbour
// (oauth2-proxy and its like); null where there is none.
const Container* loginSidecar(const PodSpec& spec);

}  // namespace firebreak::detect
