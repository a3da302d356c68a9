#include "remediate/plan/dashboards_network_policy.h"

#include <algorithm>

#include "api/selector.h"

namespace firebreak {
namespace {

constexpr int32_t kLastPort = 65535;

bool portListed(const Json& entry, const Pod& pod, int32_t port) {
  if (stringOr(member(entry, "protocol"), "TCP") != "TCP") return false;
  const Json& listed = member(entry, "port");
  if (listed.is_null()) return true;
  if (listed.is_string()) {
    if (!pod.spec) return true;
    for (const Container& container : pod.spec->containers) {
      for (const ContainerPort& declared : container.ports) {
        if (declared.name == listed.get<std::string>() && declared.port == port) return true;
      }
    }
    return false;
  }
  const int64_t first = intOr(listed, 0);
  return first <= port && port <= intOr(member(entry, "endPort"), first);
}

// Addresses outside the cluster are only ever admitted by no `from` at all or by an ipBlock.
bool fromOutside(const Json& rule) {
  const Json& from = member(rule, "from");
  if (!from.is_array() || from.empty()) return true;
  return std::any_of(from.begin(), from.end(),
                     [](const Json& peer) { return !member(peer, "ipBlock").is_null(); });
}

Json portRange(const char* protocol, int32_t first, int32_t last) {
  Json range = {{"protocol", protocol}, {"port", first}};
  if (last > first) range["endPort"] = last;
  return range;
}

}  // namespace

bool selectsForIngress(const Json& policy, const Pod& pod) {
  // Without policyTypes a policy is one for ingress.
  const auto types = stringsOf(member(policy, {"spec", "policyTypes"}));
  if (!types.empty() && std::find(types.begin(), types.end(), "Ingress") == types.end()) return false;
  return selectorSelects(member(policy, {"spec", "podSelector"}), pod.meta.labels);
}

bool admitsFromOutside(const Json& policy, const Pod& pod, int32_t port) {
  const Json& rules = member(policy, {"spec", "ingress"});
  if (!rules.is_array()) return false;
  return std::any_of(rules.begin(), rules.end(), [&](const Json& rule) {
    if (!fromOutside(rule)) return false;
    const Json& ports = member(rule, "ports");
    return !ports.is_array() || ports.empty() ||
           std::any_of(ports.begin(), ports.end(),
                       [&](const Json& entry) { return portListed(entry, pod, port); });
  });
}

Json lockPolicy(const std::string& ns, const std::string& name, const std::string& remediation,
                const PortLock& lock) {
  Json ingress = Json::array();
  if (!lock.restIsTheirs) {
    Json open = Json::array();
    int32_t next = 1;
    for (const int32_t port : lock.ports) {
      if (port > next) open.push_back(portRange("TCP", next, port - 1));
      next = port + 1;
    }
    if (next <= kLastPort) open.push_back(portRange("TCP", next, kLastPort));
    open.push_back(portRange("UDP", 1, kLastPort));
    open.push_back(portRange("SCTP", 1, kLastPort));
    ingress.push_back({{"ports", std::move(open)}});
  }
  if (lock.allowFrom.is_array() && !lock.allowFrom.empty()) {
    Json shut = Json::array();
    for (const int32_t port : lock.ports) shut.push_back(portRange("TCP", port, port));
    ingress.push_back({{"from", lock.allowFrom}, {"ports", std::move(shut)}});
  }
  return {{"apiVersion", "networking.k8s.io/v1"},
          {"kind", "NetworkPolicy"},
          {"metadata",
           {{"name", name},
            {"namespace", ns},
            {"labels", {{"app.kubernetes.io/managed-by", "firebreak"}}},
            {"annotations", {{"firebreak.dev/remediation", remediation}}}}},
          {"spec",
           {{"podSelector", {{"matchLabels", lock.podLabels}}},
            {"policyTypes", Json::array({"Ingress"})},
            {"ingress", std::move(ingress)}}}};
}

}  // namespace firebreak
