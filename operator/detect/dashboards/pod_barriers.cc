#include "detect/dashboards/pod_barriers.h"

#include <algorithm>

#include "api/selector.h"
#include "detect/dashboards/answer_shape.h"
#include "detect/dashboards/manifest_objects.h"

namespace firebreak::detect {
namespace {

using Admits = PodBarriers::Admits;

bool coversPort(const Json& rule, const ContainerPort& port) {
  const Json& ports = elementsOf(member(rule, "ports"));
  if (ports.empty()) return true;
  return std::any_of(ports.begin(), ports.end(), [&](const Json& entry) {
    if (stringOr(member(entry, "protocol"), "TCP") != "TCP") return false;
    const Json& number = member(entry, "port");
    if (number.is_null()) return true;
    if (number.is_string()) return stringOr(number) == port.name;
    const int64_t first = intOr(number, 0);
    return port.port >= first && port.port <= intOr(member(entry, "endPort"), first);
  });
}

Admits peersOf(const Json& rule) {
  const Json& peers = elementsOf(member(rule, "from"));
  if (peers.empty()) return Admits::kEverybody;
  Admits widest = Admits::kFew;
  for (const Json& peer : peers) {
    const std::string cidr = stringOr(member(peer, {"ipBlock", "cidr"}));
    if (cidr.ends_with("/0")) return Admits::kEverybody;
    if (!member(peer, "namespaceSelector").is_null()) widest = Admits::kNamespaces;
  }
  return widest;
}

bool isAboutIngress(const Json& spec) {
  const std::vector<std::string> types = stringsOf(member(spec, "policyTypes"));
  return types.empty() || std::find(types.begin(), types.end(), "Ingress") != types.end();
}

// A rule of an AuthorizationPolicy that only a caller with a token fulfils.
bool needsToken(const Json& rule) {
  const Json& from = elementsOf(member(rule, "from"));
  const bool principals = std::any_of(from.begin(), from.end(), [](const Json& entry) {
    return !elementsOf(member(entry, {"source", "requestPrincipals"})).empty();
  });
  const Json& when = elementsOf(member(rule, "when"));
  return principals || std::any_of(when.begin(), when.end(), [](const Json& condition) {
           return stringOr(member(condition, "key")).starts_with("request.auth.");
         });
}

bool refusesWithoutToken(const Json& rule) {
  const Json& from = elementsOf(member(rule, "from"));
  return std::any_of(from.begin(), from.end(), [](const Json& entry) {
    return !elementsOf(member(entry, {"source", "notRequestPrincipals"})).empty();
  });
}

// What one policy asks of everybody whom it concerns.
Protection asks(const Json& spec) {
  const std::string action = stringOr(member(spec, "action"), "ALLOW");
  const Json& rules = elementsOf(member(spec, "rules"));
  if (equalText(action, "CUSTOM")) return rules.empty() ? Protection::kNone : Protection::kLogin;
  if (equalText(action, "DENY")) {
    return std::any_of(rules.begin(), rules.end(), refusesWithoutToken) ? Protection::kLogin
                                                                        : Protection::kNone;
  }
  if (!equalText(action, "ALLOW")) return Protection::kNone;
  if (rules.empty()) return Protection::kNarrowed;  // nobody
  Protection weakest = Protection::kLogin;
  for (const Json& rule : rules) {
    if (needsToken(rule)) continue;
    const bool chosen = !elementsOf(member(rule, "from")).empty() ||
                        !elementsOf(member(rule, "when")).empty();
    weakest = std::min(weakest, chosen ? Protection::kNarrowed : Protection::kNone);
  }
  return weakest;
}

bool concernsHost(const Json& spec, const std::string& host) {
  bool named = false;
  for (const Json& rule : elementsOf(member(spec, "rules"))) {
    for (const Json& to : elementsOf(member(rule, "to"))) {
      for (const std::string& wanted : stringsOf(member(to, {"operation", "hosts"}))) {
        named = true;
        const bool suffix = wanted.starts_with('*') && host.ends_with(wanted.substr(1));
        if (wanted == host || suffix) return true;
      }
    }
  }
  return !named;
}

const Json& labelsChosen(const Document& policy) {
  return member(policy.object, {"spec", "selector", "matchLabels"});
}

bool isGateways(const Document& policy) {
  const Json& labels = labelsChosen(policy);
  if (!labels.is_object()) return false;
  return std::any_of(labels.begin(), labels.end(), [](const Json& value) {
    return stringOr(value).find("gateway") != std::string::npos;
  });
}

}  // namespace

PodBarriers::PodBarriers(const ScanInput& input) {
  for (const Document& document : input.documents()) {
    if (document.ref.kind == "NetworkPolicy" &&
        document.ref.apiVersion.starts_with("networking.k8s.io/")) {
      networkPolicies_.push_back(&document);
    } else if (document.ref.kind == "AuthorizationPolicy" &&
               document.ref.apiVersion.starts_with("security.istio.io/")) {
      authorizationPolicies_.push_back(&document);
    } else if (document.ref.kind == "RequestAuthentication") {
      tokenRules_.push_back(&document);
    }
  }
}

Admits PodBarriers::admits(const std::string& ns, const StringMap& podLabels,
                           const ContainerPort& port) const {
  bool selected = false;
  Admits widest = Admits::kFew;
  for (const Document* policy : networkPolicies_) {
    const Json& spec = member(policy->object, "spec");
    if (!sameNamespace(policy->ref.ns, ns) || !isAboutIngress(spec)) continue;
    if (!selectorSelects(member(spec, "podSelector"), podLabels)) continue;
    selected = true;
    for (const Json& rule : elementsOf(member(spec, "ingress"))) {
      if (coversPort(rule, port)) widest = std::max(widest, peersOf(rule));
    }
  }
  return selected ? widest : Admits::kEverybody;
}

Protection PodBarriers::meshAsks(const std::string& ns, const StringMap& podLabels) const {
  Protection strongest = Protection::kNone;
  for (const Document* policy : authorizationPolicies_) {
    const bool root = policy->ref.ns == "istio-system";
    if (!root && !sameNamespace(policy->ref.ns, ns)) continue;
    const Json& spec = member(policy->object, "spec");
    if (!member(spec, "targetRefs").is_null() || !member(spec, "targetRef").is_null()) continue;
    if (!selectorSelects(member(spec, "selector"), podLabels)) continue;
    strongest = std::max(strongest, asks(spec));
  }
  for (const Document* rule : tokenRules_) {
    const bool near = rule->ref.ns == "istio-system" || sameNamespace(rule->ref.ns, ns);
    if (near && selectorSelects(member(rule->object, {"spec", "selector"}), podLabels)) {
      strongest = std::max(strongest, Protection::kUnclear);
    }
  }
  return strongest;
}

Protection PodBarriers::gatewayAsks(const std::string& host) const {
  Protection strongest = Protection::kNone;
  for (const Document* policy : authorizationPolicies_) {
    const Json& spec = member(policy->object, "spec");
    if (isGateways(*policy) && concernsHost(spec, host)) strongest = std::max(strongest, asks(spec));
  }
  return strongest;
}

}  // namespace firebreak::detect
