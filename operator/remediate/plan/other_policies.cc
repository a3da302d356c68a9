#include "remediate/plan/other_policies.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "api/selector.h"

namespace firebreak {
namespace {

enum class Selects { kNo, kMaybe, kYes };

struct Place {
  const std::string& ns;
  const StringMap& namespaceLabels;
};

bool notEmpty(const Json& list) { return list.is_array() && !list.empty(); }

// AdminNetworkPolicy and its successors: whole namespaces, or pods in some of them.
Selects adminSelects(const Json& spec, const Pod& pod, const Place& place) {
  if (!notEmpty(member(spec, "ingress"))) return Selects::kNo;
  const Json& subject = member(spec, "subject");
  const Json& namespaces = member(subject, "namespaces");
  if (!namespaces.is_null()) {
    return selectorSelects(namespaces, place.namespaceLabels) ? Selects::kYes : Selects::kNo;
  }
  const Json& pods = member(subject, "pods");
  const bool selects = !pods.is_null() &&
                       selectorSelects(member(pods, "namespaceSelector"), place.namespaceLabels) &&
                       selectorSelects(member(pods, "podSelector"), pod.meta.labels);
  return selects ? Selects::kYes : Selects::kNo;
}

std::string_view trim(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\n");
  if (start == std::string_view::npos) return "";
  return text.substr(start, text.find_last_not_of(" \t\n") - start + 1);
}

// One term of Calico's selector language; nothing where it is more than a comparison.
std::optional<bool> termHolds(std::string_view term, const StringMap& labels) {
  term = trim(term);
  if (term == "all()" || term.empty()) return true;
  const auto has = [&](std::string_view key) { return labels.contains(std::string(key)); };
  if (term.starts_with("has(") && term.ends_with(")")) return has(trim(term.substr(4, term.size() - 5)));
  if (term.starts_with("!has(") && term.ends_with(")")) {
    return !has(trim(term.substr(5, term.size() - 6)));
  }
  const size_t equals = term.find("==");
  if (equals == std::string_view::npos || term.find_first_of("|(){},!") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view value = trim(term.substr(equals + 2));
  if (value.size() < 2 || value.front() != value.back() || value.find_first_of("'\"") != 0) {
    return std::nullopt;
  }
  value = value.substr(1, value.size() - 2);
  if (value.find_first_of("'\"") != std::string_view::npos) return std::nullopt;
  const auto label = labels.find(std::string(trim(term.substr(0, equals))));
  return label != labels.end() && label->second == value;
}

Selects calicoExpression(std::string_view text, const StringMap& labels) {
  Selects result = Selects::kYes;
  while (true) {
    const size_t both = text.find("&&");
    const auto holds = termHolds(text.substr(0, both), labels);
    if (holds == false) return Selects::kNo;
    if (!holds) result = Selects::kMaybe;
    if (both == std::string_view::npos) return result;
    text.remove_prefix(both + 2);
  }
}

Selects calicoSelects(const Json& policy, const Pod& pod, const Place& place) {
  const Json& spec = member(policy, "spec");
  const auto types = stringsOf(member(spec, "types"));
  const bool ingress = types.empty() ? notEmpty(member(spec, "ingress")) ||
                                           !notEmpty(member(spec, "egress"))
                                     : std::find(types.begin(), types.end(), "Ingress") != types.end();
  if (!ingress) return Selects::kNo;
  StringMap labels = pod.meta.labels;
  labels["projectcalico.org/namespace"] = place.ns;
  labels["projectcalico.org/orchestrator"] = "k8s";
  const Selects byPod = calicoExpression(stringOr(member(spec, "selector")), labels);
  const Selects byNamespace =
      calicoExpression(stringOr(member(spec, "namespaceSelector")), place.namespaceLabels);
  return std::min(byPod, byNamespace);
}

// Cilium writes where a label comes from in front of its key; a pod's come from Kubernetes.
Json withoutSources(const Json& selector) {
  const auto plain = [](const std::string& key) {
    for (const char* source : {"k8s:", "any:"}) {
      if (key.starts_with(source)) return key.substr(4);
    }
    return key;
  };
  Json made = Json::object();
  const Json& labels = member(selector, "matchLabels");
  if (labels.is_object()) {
    for (const auto& [key, value] : labels.items()) made["matchLabels"][plain(key)] = value;
  }
  for (Json requirement : member(selector, "matchExpressions")) {
    requirement["key"] = plain(stringOr(member(requirement, "key")));
    made["matchExpressions"].push_back(std::move(requirement));
  }
  return made;
}

Selects ciliumSelects(const Json& policy, const Pod& pod, const Place& place) {
  StringMap labels = pod.meta.labels;
  labels["io.kubernetes.pod.namespace"] = place.ns;
  for (const auto& [key, value] : place.namespaceLabels) {
    labels["io.cilium.k8s.namespace.labels." + key] = value;
  }
  std::vector<const Json*> specs = {&member(policy, "spec")};
  for (const Json& spec : member(policy, "specs")) specs.push_back(&spec);
  for (const Json* spec : specs) {
    const Json& selector = member(*spec, "endpointSelector");
    const bool ingress =
        !member(*spec, "ingress").is_null() || !member(*spec, "ingressDeny").is_null();
    if (!ingress || selector.is_null()) continue;
    if (selectorSelects(withoutSources(selector), labels)) return Selects::kYes;
  }
  return Selects::kNo;
}

struct Api {
  std::string_view group;
  Selects (*selects)(const Json& policy, const Pod& pod, const Place& place);
};
constexpr Api kApis[] = {
    {"policy.networking.k8s.io",
     [](const Json& policy, const Pod& pod, const Place& place) {
       return adminSelects(member(policy, "spec"), pod, place);
     }},
    {"crd.projectcalico.org", calicoSelects},
    {"projectcalico.org", calicoSelects},
    {"cilium.io", ciliumSelects},
};

OtherPolicy::Rank rankOf(const Json& policy) {
  const std::string kind = stringOr(member(policy, "kind"));
  if (kind == "AdminNetworkPolicy") return OtherPolicy::Rank::kAbove;
  if (kind == "BaselineAdminNetworkPolicy") return OtherPolicy::Rank::kBelow;
  const std::string tier = stringOr(member(policy, {"spec", "tier"}));
  if (kind == "ClusterNetworkPolicy") {
    return tier == "Baseline" ? OtherPolicy::Rank::kBelow : OtherPolicy::Rank::kAbove;
  }
  // Calico looks at the tiers one after another; NetworkPolicies stand in the one named default.
  return tier.empty() || tier == "default" ? OtherPolicy::Rank::kBeside : OtherPolicy::Rank::kAbove;
}

}  // namespace

std::vector<OtherPolicy> otherPoliciesOn(const std::vector<Json>& policies,
                                         const std::vector<Pod>& pods, const std::string& ns,
                                         const StringMap& namespaceLabels) {
  std::vector<OtherPolicy> found;
  const Place place{ns, namespaceLabels};
  for (const Json& policy : policies) {
    const std::string version = stringOr(member(policy, "apiVersion"));
    const auto* api = std::find_if(std::begin(kApis), std::end(kApis), [&](const Api& each) {
      return version.substr(0, version.find('/')) == each.group;
    });
    const std::string where = stringOr(member(policy, {"metadata", "namespace"}));
    if (api == std::end(kApis) || (!where.empty() && where != ns)) continue;
    Selects most = Selects::kNo;
    for (const Pod& pod : pods) most = std::max(most, api->selects(policy, pod, place));
    if (most == Selects::kNo) continue;
    // Calico calls its own what Kubernetes does.
    const std::string whose = version.find("projectcalico") == std::string::npos ? "" : "Calico's ";
    found.push_back({whose + stringOr(member(policy, "kind")) + " " +
                         (where.empty() ? "" : where + "/") +
                         stringOr(member(policy, {"metadata", "name"})),
                     rankOf(policy), most == Selects::kYes});
  }
  return found;
}

}  // namespace firebreak
