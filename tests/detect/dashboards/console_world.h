// A console in a small cluster: the objects that the tests of this folder vary.
#pragma once

#include <memory>
#include <string>

#include "firebreak/observed.h"

namespace firebreak::detect {

inline Pod consolePod(const std::string& name = "console-1") {
  Pod pod;
  pod.meta.ns = "shop";
  pod.meta.name = name;
  pod.meta.uid = "uid-" + name;
  pod.meta.labels = {{"app", "console"}};
  pod.phase = "Running";
  pod.podIP = "10.244.0.7";
  pod.hostIP = "192.168.0.2";
  pod.ready = true;
  PodSpec spec;
  Container container;
  container.fieldPath = "containers[0]";
  container.name = "console";
  container.image = "localhost/kube-web-view:21.2.0";
  ContainerPort port;
  port.name = "http";
  port.port = 8080;
  container.ports.push_back(port);
  spec.containers.push_back(container);
  pod.spec = std::make_shared<const PodSpec>(std::move(spec));
  return pod;
}

// Changes the pod's spec, which is shared and const.
template <typename Change>
void changeSpec(Pod& pod, Change change) {
  PodSpec spec = *pod.spec;
  change(spec);
  pod.spec = std::make_shared<const PodSpec>(std::move(spec));
}

inline ServicePort servicePort(std::string name, int32_t port, std::string target,
                               int32_t nodePort = 0) {
  ServicePort made;
  made.name = std::move(name);
  made.port = port;
  made.targetPort = std::move(target);
  made.nodePort = nodePort;
  return made;
}

inline Service consoleService(std::string type = "NodePort") {
  Service service;
  service.meta.ns = "shop";
  service.meta.name = "console";
  service.meta.uid = "uid-service";
  service.type = std::move(type);
  service.clusterIP = "10.96.0.9";
  service.selector = {{"app", "console"}};
  service.ports.push_back(
      servicePort("web", 80, "http", service.type == "ClusterIP" ? 0 : 30080));
  return service;
}

inline Node node(const std::string& name, const std::string& ip) {
  Node made;
  made.meta.name = name;
  made.internalIPs = {ip};
  return made;
}

inline Ingress consoleIngress(std::string port = "80") {
  Ingress ingress;
  ingress.meta.ns = "shop";
  ingress.meta.name = "front";
  ingress.paths.push_back({"console.example", "/view", "console", std::move(port),
                           "spec.rules[0].http.paths[0].backend.service"});
  return ingress;
}

}  // namespace firebreak::detect
