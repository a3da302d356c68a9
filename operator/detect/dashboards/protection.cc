#include "detect/dashboards/protection.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "detect/dashboards/answer_shape.h"
#include "detect/dashboards/candidates.h"
#include "detect/dashboards/manifest_objects.h"

namespace firebreak::detect {
namespace {

struct Rule {
  std::string_view annotation;  // the key, or its end behind the last "/"
  std::string_view off;         // the value that switches it off
  Protection means;
};

// Each controller's own documentation of its annotations.
constexpr std::array<Rule, 29> kRules = {{
    {"nginx.ingress.kubernetes.io/auth-url", "", Protection::kLogin},
    {"nginx.ingress.kubernetes.io/auth-type", "", Protection::kLogin},
    {"nginx.ingress.kubernetes.io/auth-tls-secret", "", Protection::kLogin},
    {"nginx.ingress.kubernetes.io/enable-global-auth", "false", Protection::kUnclear},
    {"nginx.org/basic-auth-secret", "", Protection::kLogin},
    {"nginx.org/jwt-key", "", Protection::kLogin},
    {"nginx.org/policies", "", Protection::kUnclear},
    {"haproxy.org/auth-type", "", Protection::kLogin},
    {"haproxy.org/client-ca", "", Protection::kLogin},
    {"haproxy-ingress.github.io/oauth", "", Protection::kLogin},
    {"haproxy-ingress.github.io/auth-tls-secret", "", Protection::kLogin},
    {"ingress.kubernetes.io/auth-secret", "", Protection::kLogin},
    {"ingress.kubernetes.io/oauth", "", Protection::kLogin},
    {"traefik.ingress.kubernetes.io/auth-type", "", Protection::kLogin},
    {"haproxy-ingress.github.io/auth-url", "", Protection::kLogin},
    {"haproxy-ingress.github.io/auth-secret", "", Protection::kLogin},
    {"ingress.kubernetes.io/auth-url", "", Protection::kLogin},
    {"ingress.kubernetes.io/auth-type", "", Protection::kLogin},
    {"alb.ingress.kubernetes.io/auth-type", "none", Protection::kLogin},
    {"konghq.com/plugins", "", Protection::kUnclear},
    {"alb.ingress.kubernetes.io/scheme", "internet-facing", Protection::kNarrowed},
    {"nginx.ingress.kubernetes.io/whitelist-source-range", "0.0.0.0/0", Protection::kNarrowed},
    {"nginx.ingress.kubernetes.io/allowlist-source-range", "0.0.0.0/0", Protection::kNarrowed},
    {"haproxy.org/allow-list", "0.0.0.0/0", Protection::kNarrowed},
    {"haproxy.org/whitelist", "0.0.0.0/0", Protection::kNarrowed},
    {"haproxy-ingress.github.io/allowlist-source-range", "0.0.0.0/0", Protection::kNarrowed},
    {"haproxy-ingress.github.io/whitelist-source-range", "0.0.0.0/0", Protection::kNarrowed},
    {"appgw.ingress.kubernetes.io/use-private-ip", "false", Protection::kNarrowed},
    {"alb.ingress.kubernetes.io/inbound-cidrs", "0.0.0.0/0", Protection::kNarrowed},
}};

// Classes that are made for a private network: GKE's, Tailscale's, and what people call their second
// controller.
bool isInternalClass(const Ingress& ingress) {
  std::string name = ingress.className;
  auto annotation = ingress.meta.annotations.find("kubernetes.io/ingress.class");
  if (name.empty() && annotation != ingress.meta.annotations.end()) name = annotation->second;
  if (name == "alb") {  // internal unless it says otherwise
    return !ingress.meta.annotations.contains("alb.ingress.kubernetes.io/scheme");
  }
  return name == "tailscale" || containsText(name, "internal") || containsText(name, "private");
}

// nginx's own directives in a snippet.
bool snippetAsks(const std::string& key, const std::string& value) {
  if (!key.ends_with("-snippet") && !key.ends_with("-snippets")) return false;
  return containsText(value, "auth_request ") || containsText(value, "auth_basic_user_file") ||
         containsText(value, "auth_jwt ");
}

// "ns-name@kubernetescrd, ...": names of middlewares with their namespace in front.
Protection traefik(const std::string& value, const std::set<std::string>& loginMiddlewares) {
  for (const std::string& name : loginMiddlewares) {
    if (value.find(name + "@kubernetescrd") != std::string::npos) return Protection::kLogin;
  }
  for (const char* word : {"auth", "login", "oidc", "sso"}) {
    if (containsText(value, word)) return Protection::kUnclear;
  }
  return Protection::kNone;
}

constexpr std::array<std::string_view, 12> kLoginProxies = {
    "oauth2-proxy",        "oauth2_proxy",      "oauth-proxy",     "authelia",
    "pomerium",            "keycloak-proxy",    "gatekeeper",      "louketo-proxy",
    "keycloak-gatekeeper", "vouch-proxy",       "kube-rbac-proxy", "ose-oauth-proxy"};

}  // namespace

Protection protectionOf(const Ingress& ingress, const std::set<std::string>& loginMiddlewares) {
  Protection strongest = isInternalClass(ingress) ? Protection::kNarrowed : Protection::kNone;
  for (const auto& [key, value] : ingress.meta.annotations) {
    if (snippetAsks(key, value)) strongest = std::max(strongest, Protection::kLogin);
    if (key == kTraefikMiddlewares) strongest = std::max(strongest, traefik(value, loginMiddlewares));
    for (const Rule& rule : kRules) {
      if (key != rule.annotation || value.empty()) continue;
      if (!rule.off.empty() && equalText(value, rule.off)) continue;
      strongest = std::max(strongest, rule.means);
    }
  }
  return strongest;
}

bool isForFew(const Service& loadBalancer) {
  const auto everybody = [](const std::string& r) { return r == "0.0.0.0/0" || r == "::/0"; };
  const auto& ranges = loadBalancer.sourceRanges;
  if (!ranges.empty() && std::none_of(ranges.begin(), ranges.end(), everybody)) return true;
  // Each cloud's own documentation of its load balancers.
  constexpr std::array<std::string_view, 5> kKeys = {
      "load-balancer-internal", "load-balancer-type", "lb-scheme", "load-balancer-scheme",
      "loadbalancer-address-type"};
  constexpr std::array<std::string_view, 4> kValues = {"true", "internal", "0.0.0.0/0", "intranet"};
  for (const auto& [key, value] : loadBalancer.meta.annotations) {
    const bool about = key.find("internal-load-balancer") != std::string::npos ||
                       std::any_of(kKeys.begin(), kKeys.end(), [&key = key](std::string_view end) {
                         return key.ends_with(end);
                       });
    if (about && std::any_of(kValues.begin(), kValues.end(), [&value = value](std::string_view v) {
          return equalText(value, v);
        })) {
      return true;
    }
  }
  return false;
}

const Container* loginSidecar(const PodSpec& spec) {
  for (const Container& container : spec.containers) {
    if (container.role != Container::Role::kRegular) continue;
    const std::string repository = imageRepository(container.image);
    const size_t slash = repository.rfind('/');
    const std::string last = slash == std::string::npos ? repository : repository.substr(slash + 1);
    if (std::find(kLoginProxies.begin(), kLoginProxies.end(), last) != kLoginProxies.end()) {
      return &container;
    }
  }
  return nullptr;
}

}  // namespace firebreak::detect
