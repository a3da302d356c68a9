#include "remediate/plan/dashboards.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/digest.h"
#include "detect/dashboards/reach.h"
#include "remediate/plan/dashboards_network_policy.h"

namespace firebreak {
namespace {

constexpr const char* kPublishedAs = "firebreak.dev/published-as";

class Ladder {
 public:
  explicit Ladder(const DashboardTarget& target) : target_(target) {}

  Plan build() {
    if (listed("RestrictIngress")) restrictIngress();
    if (listed("Unpublish")) unpublish();
    if (listed("DetachRoutes")) detachRoutes();
    if (plan_.steps.empty()) {
      plan_.externalAction =
          "No listed action can shut " + describe(serviceRef()) +
          ": switch the console's own authentication on, or change what publishes it, where it is "
          "declared (Helm values, Git).";
    }
    if (listed("RevokeClusterAdmin")) {
      plan_.caveats.push_back("RevokeClusterAdmin is not carried out: look for bindings of its "
                              "ServiceAccount with `kubectl get clusterrolebindings -o wide`");
    }
    if (listed("ScaleToZero")) scaleToZero();
    return std::move(plan_);
  }

 private:
  bool listed(const char* action) const { return target_.actions.contains(action); }

  ObjectRef serviceRef() const {
    const ObjectMeta& meta = target_.service.meta;
    return {"v1", "Service", meta.ns, meta.name, meta.uid};
  }
  bool isConsolePort(int64_t port) const {
    return std::any_of(target_.servicePorts.begin(), target_.servicePorts.end(),
                       [&](int32_t p) { return p == port; });
  }
  const Json& spec(std::string_view key) const { return member(target_.serviceJson, {"spec", key}); }

  Step step(std::string name, const char* action, ObjectRef object) const {
    Step step;
    step.name = std::move(name);
    step.action = action;
    step.object = std::move(object);
    step.proof = Proof::kConsoleShut;
    return step;
  }

  // Takes a field of the Service away where it is there.
  static void drop(const Json& object, const std::string& pointer, Step* step) {
    const Json::json_pointer place(pointer);
    if (object.contains(place)) step->edits.push_back({pointer, object.at(place), std::nullopt});
  }

  void restrictIngress();
  void unpublish();
  void rememberHowPublished(Step* step) const;
  void narrowLoadBalancer(Json* service);
  void removeConsolePort();
  void detachRoutes();
  void detachIngress(const Json& ingress);
  bool routesToConsole(const Json& backend) const;
  void scaleToZero();

  const DashboardTarget& target_;
  Plan plan_;
};

void Ladder::restrictIngress() {
  std::set<int32_t> podPorts;
  for (const Pod& pod : target_.pods) {
    if (!pod.spec) continue;
    if (pod.spec->hostNetwork) {
      plan_.caveats.push_back("RestrictIngress has no effect on pods in the host's network");
      return;
    }
    for (const ServicePort& port : target_.service.ports) {
      if (!isConsolePort(port.port)) continue;
      if (const int32_t podPort = detect::podPortOf(port, *pod.spec)) podPorts.insert(podPort);
    }
  }
  if (podPorts.empty() || target_.service.selector.empty()) {
    plan_.caveats.push_back("RestrictIngress was left out: no pod says which port the console has");
    return;
  }
  const std::string name = lockPolicyName(target_.remediation);
  bool selected = false;
  for (const Json& policy : target_.networkPolicies) {
    const std::string other = stringOr(member(policy, {"metadata", "name"}));
    if (other == name) continue;  // our own
    for (const Pod& pod : target_.pods) {
      if (!selectsForIngress(policy, pod)) continue;
      selected = true;
      const bool admits = std::any_of(podPorts.begin(), podPorts.end(), [&](int32_t port) {
        return admitsFromOutside(policy, pod, port);
      });
      plan_.caveats.push_back(
          admits ? "RestrictIngress was left out: NetworkPolicy " + other +
                       " selects the pods and admits the console's port; policies only add up"
                 : "RestrictIngress was left out: NetworkPolicy " + other +
                       " selects the pods and does not admit the console's port from outside");
      break;
    }
  }
  // Policies add up: ours lists what stays open, and beside another it would open more than it shuts.
  if (selected) return;
  const std::string& ns = target_.service.meta.ns;
  Step create = step("restrict-ingress", "RestrictIngress",
                     {"networking.k8s.io/v1", "NetworkPolicy", ns, name, ""});
  create.type = PatchType::kCreate;
  create.manifest = lockPolicy(ns, name, target_.remediation, target_.service.selector, podPorts,
                               target_.allowFrom);
  plan_.steps.push_back(std::move(create));
}

// The operator's token may take a Service's publication away and give back what this mark says, nothing
// else: the seatbelt policy builds the same text, and lets the mark be written only where it is true.
void Ladder::rememberHowPublished(Step* step) const {
  std::string text = stringOr(spec("type"), "ClusterIP") + " ";
  const char* comma = "";
  for (const std::string& address : stringsOf(spec("externalIPs"))) {
    text += comma + address;
    comma = ",";
  }
  text += " ";
  comma = "";
  const Json& ports = spec("ports");
  for (size_t i = 0; ports.is_array() && i < ports.size(); ++i) {
    const Json& target = member(ports[i], "targetPort");
    text += comma + std::to_string(intOr(member(ports[i], "port"), 0)) + "/" +
            stringOr(member(ports[i], "protocol"), "TCP") + ":" +
            (target.is_string() ? target.get<std::string>() : std::to_string(intOr(target, 0)));
    comma = ",";
  }
  const Json& annotations = member(target_.serviceJson, {"metadata", "annotations"});
  if (!annotations.is_object()) {
    step->edits.push_back({"/metadata/annotations", std::nullopt, Json{{kPublishedAs, text}}});
    return;
  }
  FieldEdit edit{"/metadata/annotations/" + escapePointerToken(kPublishedAs), std::nullopt, text};
  if (annotations.contains(kPublishedAs)) edit.before = annotations[kPublishedAs];
  step->edits.push_back(std::move(edit));
}

void Ladder::unpublish() {
  const std::string type = stringOr(spec("type"), target_.service.type);
  const bool externalIPs = spec("externalIPs").is_array() && !spec("externalIPs").empty();
  if (type == "ExternalName" || (type == "ClusterIP" && !externalIPs)) return;
  const Json& ports = spec("ports");
  if (!ports.is_array() || ports.empty()) return;
  const bool onlyConsole = std::all_of(ports.begin(), ports.end(), [&](const Json& port) {
    return isConsolePort(intOr(member(port, "port"), 0));
  });
  if (!onlyConsole) {
    removeConsolePort();
    return;
  }
  Json service = target_.serviceJson;
  if (type == "LoadBalancer") narrowLoadBalancer(&service);
  Step change = step("unpublish", "Unpublish", serviceRef());
  if (type != "LoadBalancer") rememberHowPublished(&change);
  if (type != "ClusterIP") change.edits.push_back({"/spec/type", Json(type), Json("ClusterIP")});
  for (size_t i = 0; i < ports.size(); ++i) {
    drop(service, "/spec/ports/" + std::to_string(i) + "/nodePort", &change);
  }
  // Fields that the API server refuses on a Service of type ClusterIP.
  for (const char* field : {"/spec/externalTrafficPolicy", "/spec/healthCheckNodePort",
                            "/spec/allocateLoadBalancerNodePorts", "/spec/loadBalancerClass",
                            "/spec/loadBalancerSourceRanges", "/spec/externalIPs"}) {
    drop(service, field, &change);
  }
  plan_.steps.push_back(std::move(change));
  plan_.caveats.push_back(type == "LoadBalancer"
                              ? "Unpublish gives the load balancer's address back: on undo it may "
                                "be another one"
                              : "Unpublish gives the node ports back: on undo the same ones are "
                                "asked for, and may be taken by then");
}

// Shuts at once, while a cloud takes its time to remove the balancer.
void Ladder::narrowLoadBalancer(Json* service) {
  Json ranges = Json::array();
  for (const Json& peer : target_.allowFrom) {
    const Json& cidr = member(peer, {"ipBlock", "cidr"});
    if (cidr.is_string()) ranges.push_back(cidr);
  }
  if (ranges.empty()) {
    ranges.push_back("127.0.0.1/32");
    const auto families = stringsOf(spec("ipFamilies"));
    if (std::find(families.begin(), families.end(), "IPv6") != families.end()) {
      ranges.push_back("::1/128");
    }
  }
  Step narrow = step("narrow-load-balancer", "Unpublish", serviceRef());
  rememberHowPublished(&narrow);
  const Json& before = spec("loadBalancerSourceRanges");
  FieldEdit edit{"/spec/loadBalancerSourceRanges", std::nullopt, ranges};
  if (!before.is_null()) edit.before = before;
  narrow.edits.push_back(std::move(edit));
  plan_.steps.push_back(std::move(narrow));
  (*service)["spec"]["loadBalancerSourceRanges"] = std::move(ranges);
}

// The whole list is one field: an index would name another port once one is gone.
void Ladder::removeConsolePort() {
  const Json& ports = spec("ports");
  Json kept = Json::array();
  for (const Json& port : ports) {
    if (!isConsolePort(intOr(member(port, "port"), 0))) kept.push_back(port);
  }
  if (kept.size() == ports.size()) return;
  Step remove = step("remove-console-port", "Unpublish", serviceRef());
  rememberHowPublished(&remove);
  remove.edits.push_back({"/spec/ports", ports, std::move(kept)});
  plan_.steps.push_back(std::move(remove));
  plan_.caveats.push_back("Only the console's port leaves the Service; the others stay published");
}

bool Ladder::routesToConsole(const Json& backend) const {
  const Json& service = member(backend, "service");
  if (stringOr(member(service, "name")) != target_.service.meta.name) return false;
  const Json& number = member(service, {"port", "number"});
  if (number.is_number_integer()) return isConsolePort(intOr(number, 0));
  const std::string name = stringOr(member(service, {"port", "name"}));
  return std::any_of(target_.service.ports.begin(), target_.service.ports.end(),
                     [&](const ServicePort& port) {
                       return port.name == name && isConsolePort(port.port);
                     });
}

void Ladder::detachIngress(const Json& ingress) {
  const Json& meta = member(ingress, "metadata");
  const std::string name = stringOr(member(meta, "name"));
  Step detach = step("detach-route-" + name, "DetachRoutes",
                     {"networking.k8s.io/v1", "Ingress", stringOr(member(meta, "namespace")), name,
                      stringOr(member(meta, "uid"))});
  const auto point = [&](const Json& backend, const std::string& pointer) {
    if (!routesToConsole(backend)) return;
    detach.edits.push_back({pointer + "/service/name", member(backend, {"service", "name"}),
                            Json(kAbsentService)});
  };
  point(member(ingress, {"spec", "defaultBackend"}), "/spec/defaultBackend");
  const Json& rules = member(ingress, {"spec", "rules"});
  for (size_t i = 0; rules.is_array() && i < rules.size(); ++i) {
    const Json& paths = member(rules[i], {"http", "paths"});
    for (size_t j = 0; paths.is_array() && j < paths.size(); ++j) {
      point(member(paths[j], "backend"), "/spec/rules/" + std::to_string(i) + "/http/paths/" +
                                             std::to_string(j) + "/backend");
    }
  }
  if (!detach.edits.empty()) plan_.steps.push_back(std::move(detach));
}

void Ladder::detachRoutes() {
  for (const Json& ingress : target_.ingresses) detachIngress(ingress);
}

void Ladder::scaleToZero() {
  const Json& workload = target_.workloadJson;
  const Json& replicas = member(workload, {"spec", "replicas"});
  if (!replicas.is_number_integer()) return;
  const Json& meta = member(workload, "metadata");
  Step scale = step("scale-to-zero", "ScaleToZero",
                    {stringOr(member(workload, "apiVersion")), stringOr(member(workload, "kind")),
                     stringOr(member(meta, "namespace")), stringOr(member(meta, "name")),
                     stringOr(member(meta, "uid"))});
  scale.edits.push_back({"/spec/replicas", replicas, Json(0)});
  scale.proof = Proof::kFieldsHold;
  scale.lastResort = true;
  plan_.steps.push_back(std::move(scale));
}

}  // namespace

std::string lockPolicyName(const std::string& remediation) {
  return "firebreak-lock-" + sha256Hex(remediation).substr(0, 16);
}

Plan planDashboards(const DashboardTarget& target) { return Ladder(target).build(); }

}  // namespace firebreak
