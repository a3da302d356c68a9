#include "remediate/plan/dashboards.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/digest.h"
#include "detect/dashboards/reach.h"
#include "remediate/plan/dashboards_network_policy.h"
#include "remediate/plan/dashboards_routes.h"
#include "remediate/plan/other_policies.h"

namespace firebreak {
namespace {

constexpr const char* kPublishedAs = "firebreak.dev/published-as";

class Ladder {
 public:
  explicit Ladder(const DashboardTarget& target) : target_(target) {}

  Plan build() {
    if (listed("RestrictIngress")) restrictIngress();
    if (!publishesItself()) {
      if (listed("Unpublish")) unpublish();
      if (listed("DetachRoutes")) detachRoutes();
      otherRoutes();
    }
    if (plan_.steps.empty()) askAPerson();
    if (listed("RevokeClusterAdmin")) revokeClusterAdmin(target_.adminGrants, &plan_);
    if (listed("ScaleToZero")) scaleToZero();
    return std::move(plan_);
  }

 private:
  bool listed(const char* action) const { return target_.actions.contains(action); }

  // The pods publish themselves: there is no Service to change, and no route leads to one.
  bool publishesItself() const { return target_.serviceJson.is_null(); }
  bool isConsolePort(int64_t port) const { return console_.isConsolePort(port); }
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

  void askAPerson();
  void restrictIngress();
  void unpublish();
  void rememberHowPublished(Step* step) const;
  void narrowLoadBalancer(Json* service);
  void removeConsolePort();
  void detachRoutes();
  void otherRoutes();
  // Whether somebody else's policies select some of the pods, and all of them.
  struct Selected {
    bool some = false;
    bool all = false;
  };
  Selected selectedByOthers(const std::set<int32_t>& podPorts, const std::string& ours);
  void scaleToZero();

  const DashboardTarget& target_;
  RoutedConsole console_{target_.service, target_.servicePorts};
  Plan plan_;
};

// Which field it is that publishes pods without a Service; the caveats say why no step helps.
void Ladder::askAPerson() {
  std::string& text = plan_.externalAction;
  text = "No listed action can shut " + describe(target_.object) +
         ": switch the console's own authentication on, or change what publishes it, where it is "
         "declared (Helm values, Git).";
  if (publishesItself()) {
    const bool hostNetwork =
        std::any_of(target_.pods.begin(), target_.pods.end(),
                    [](const Pod& pod) { return pod.spec && pod.spec->hostNetwork; });
    const std::string spec = target_.object.kind == "Pod" ? "spec" : "spec.template.spec";
    text += hostNetwork ? " It lives in its node's network: set " + spec +
                              ".hostNetwork to false, or shut the port on the nodes."
                        : " Take the hostPort out of " + spec + ".containers[].ports.";
  }
  for (const std::string& caveat : plan_.caveats) text += " " + caveat + ".";
}

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
  if (podPorts.empty()) {
    plan_.caveats.push_back("RestrictIngress was left out: no pod says which port the console has");
    return;
  }
  if (target_.service.selector.empty()) {
    plan_.caveats.push_back("RestrictIngress was left out: no labels are those of the console's "
                            "pods alone");
    return;
  }
  const std::string name = lockPolicyName(target_.remediation);
  const bool there = std::any_of(
      target_.networkPolicies.begin(), target_.networkPolicies.end(),
      [&](const Json& policy) { return stringOr(member(policy, {"metadata", "name"})) == name; });
  const Selected selected = selectedByOthers(podPorts, name);
  // Policies add up: ours lists what stays open, and beside another it would open more than it shuts. One
  // that was there first stays, and leaves what is open to theirs.
  if (selected.some && !there) return;
  const std::string& ns = target_.object.ns;
  Step create = step("restrict-ingress", "RestrictIngress",
                     {"networking.k8s.io/v1", "NetworkPolicy", ns, name, ""});
  create.type = PatchType::kCreate;
  create.manifest = lockPolicy(
      ns, name, target_.remediation,
      {target_.service.selector, podPorts, target_.allowFrom, there && selected.all});
  plan_.steps.push_back(std::move(create));
}

Ladder::Selected Ladder::selectedByOthers(const std::set<int32_t>& podPorts,
                                          const std::string& ours) {
  Selected selected;
  std::vector<bool> held(target_.pods.size(), false);
  for (const Json& policy : target_.networkPolicies) {
    const std::string other = stringOr(member(policy, {"metadata", "name"}));
    if (other == ours) continue;
    const Pod* pod = nullptr;
    for (size_t i = 0; i < target_.pods.size(); ++i) {
      if (!selectsForIngress(policy, target_.pods[i])) continue;
      pod = &target_.pods[i];
      held[i] = true;
    }
    if (pod == nullptr) continue;
    selected.some = true;
    const bool admits = std::any_of(podPorts.begin(), podPorts.end(), [&](int32_t port) {
      return admitsFromOutside(policy, *pod, port);
    });
    plan_.caveats.push_back(
        admits ? "RestrictIngress was left out: NetworkPolicy " + other +
                     " selects the pods and admits the console's port; policies only add up"
               : "RestrictIngress was left out: NetworkPolicy " + other +
                     " selects the pods and does not admit the console's port from outside");
  }
  selected.all = selected.some && std::all_of(held.begin(), held.end(), [](bool b) { return b; });
  for (const OtherPolicy& other : otherPoliciesOn(target_.otherPolicies, target_.pods,
                                                  target_.object.ns, target_.namespaceLabels)) {
    const std::string selects = other.certain ? " selects the pods" : " may select the pods";
    if (other.rank == OtherPolicy::Rank::kAbove) {
      plan_.caveats.push_back(other.name + selects +
                              " and outranks NetworkPolicies: what it allows stays open");
      continue;
    }
    selected.some = true;
    if (other.rank == OtherPolicy::Rank::kBeside && other.certain) selected.all = true;
    plan_.caveats.push_back(
        "RestrictIngress was left out: " + other.name + selects +
        (other.rank == OtherPolicy::Rank::kBeside
             ? "; beside it a NetworkPolicy would open the other ports"
             : "; a NetworkPolicy outranks it and would open the other ports"));
  }
  for (const std::string& kind : target_.unreadPolicies) {
    plan_.caveats.push_back("whether a " + kind +
                            " decides about the pods is not known: the operator may not list them");
  }
  return selected;
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
  Step change = step("unpublish", "Unpublish", target_.object);
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
  Step narrow = step("narrow-load-balancer", "Unpublish", target_.object);
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
  Step remove = step("remove-console-port", "Unpublish", target_.object);
  rememberHowPublished(&remove);
  remove.edits.push_back({"/spec/ports", ports, std::move(kept)});
  plan_.steps.push_back(std::move(remove));
  plan_.caveats.push_back("Only the console's port leaves the Service; the others stay published");
}

void Ladder::detachRoutes() {
  const auto add = [&](std::optional<Step> step) {
    if (step) plan_.steps.push_back(std::move(*step));
  };
  for (const Json& ingress : target_.ingresses) add(detachIngress(ingress, console_));
  for (const Json& route : target_.httpRoutes) add(detachHttpRoute(route, console_));
}

// Said whether DetachRoutes is listed or not: no action changes them.
void Ladder::otherRoutes() {
  for (const Ingress& route : target_.otherRoutes) {
    for (std::string& line : detachByHand(route, console_)) {
      plan_.caveats.push_back(std::move(line));
    }
  }
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
