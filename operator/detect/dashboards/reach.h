// The reach graph: by which addresses a Service's pods can be reached, and from where. Pure: made
// from observed objects only, nothing is looked up.
#pragma once

#include <string>
#include <vector>

#include "firebreak/observed.h"

namespace firebreak::detect {

enum class Reach {
  kNone,
  kCluster,    // from inside the cluster only
  kPublished,  // from outside of it
};

// Kept as numbers in journals: new ones go to the end.
enum class Via {
  kLoadBalancer,
  kNodePort,
  kExternalIP,
  kIngress,
  kHostPort,
  kHostNetwork,
  kClusterIP,
  kRoute,  // of the Gateway API, Traefik, Istio, OpenShift
};

// Through a controller that tells requests apart by host and path.
bool isRouted(Via via);

// One way to one port of the Service.
struct Endpoint {
  Via via = Via::kClusterIP;
  Reach reach = Reach::kCluster;
  // Where to connect: a normal IP literal of this cluster; empty where the way is known but may not
  // or cannot be probed (a load balancer's host name, an ingress without known controller address).
  std::string address;
  int32_t port = 0;
  std::string host;   // Host header of an Ingress rule, empty otherwise or for "any host"
  // Path prefix of an Ingress rule and, once it was asked there, the console's own base path; empty or
  // starting with "/".
  std::string path;
  bool tls = false;   // the way itself is TLS (ingress on 443)
  bool narrowed = false;  // loadBalancerSourceRanges let only some in
  std::string servicePortName;
  int32_t servicePort = 0;  // port of the Service
  int32_t podPort = 0;      // where it ends in the pods, 0 where no pod resolves it
  ObjectRef through;        // the object that publishes: Service, Ingress or Pod
  std::string fieldPath;    // in `through`
};

// One place where an ingress controller takes requests for every Ingress that it serves.
struct IngressDoor {
  std::string address;
  int32_t port = 80;
  bool tls = false;
};

struct ReachInput {
  std::vector<Pod> pods;          // of the Service's namespace; others are ignored
  std::vector<Node> nodes;
  std::vector<Ingress> ingresses;
  std::vector<IngressDoor> doors{};  // of the ingress controllers; may be empty
};

// Pods that the Service selects. None for a Service without selector and for ExternalName; of one that
// only stands for its pods (host_publication.h) the pods are the caller's.
std::vector<Pod> backingPods(const Service& service, const std::vector<Pod>& pods);

// The container port behind a Service's port in this pod: a number as written, or the declared port of
// that name; 0 where the pod has none of that name.
int32_t podPortOf(const ServicePort& port, const PodSpec& spec);

// A route's backend names this port of its Service.
bool leadsToPort(const IngressPath& path, const ServicePort& port);

// Published ways first. Empty for ExternalName and selectorless Services: what they lead to is not
// the cluster's, or not known, and is never probed. Only TCP.
std::vector<Endpoint> endpointsOf(const Service& service, const ReachInput& input);

// Where the ingress controllers among these pods listen, by their images: the ports of the Services in
// front of them, or of the host. At most a few, the Services' first.
std::vector<IngressDoor> ingressDoors(const std::vector<Service>& services,
                                      const std::vector<Pod>& pods);

// The widest of them.
Reach reachOf(const std::vector<Endpoint>& endpoints);

const char* toString(Reach reach);  // "Published"
const char* toString(Via via);      // "NodePort"

}  // namespace firebreak::detect
