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
constexpr std::array<Rule, 16> kRules = {{
    {"nginx.ingress.kubernetes.io/auth-url", "", Protection::kLogin},
    {"nginx.ingress.kubernetes.io/auth-type", "", Protection::kLogin},
    {"nginx.ingress.kubernetes.io/auth-tls-secret", "", Protection::kLogin},
    {"nginx.org/basic-auth-secret", "", Protection::kLogin},
    {"nginx.org/jwt-key", "", Protection::kLogin},
    {"haproxy.org/auth-type", "", Protection::kLogin},
    {"haproxy-ingress.github.io/auth-url", "", Protection::kLogin},
    {"haproxy-ingress.github.io/auth-secret", "", Protection::kLogin},
    {"ingress.kubernetes.io/auth-url", "", Protection::kLogin},
    {"ingress.kubernetes.io/auth-type", "", Protection::kLogin},
    {"alb.ingress.kubernetes.io/auth-type", "none", Protection::kLogin},
    {"konghq.com/plugins", "", Protection::kUnclear},
    {"alb.ingress.kubernetes.io/scheme", "internet-facing", Protection::kNarrowed},
    {"nginx.ingress.kubernetes.io/whitelist-source-range", "0.0.0.0/0", Protection::kNarrowed},
    {"haproxy.org/allow-list", "0.0.0.0/0", Protection::kNarrowed},
    {"alb.ingress.kubernetes.io/inbound-cidrs", "0.0.0.0/0", Protection::kNarrowed},
}};

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
  Protection strongest = Protection::kNone;
  for (const auto& [key, value] : ingress.meta.annotations) {
    if (key == kTraefikMiddlewares) strongest = std::max(strongest, traefik(value, loginMiddlewares));
    for (const Rule& rule : kRules) {
      if (key != rule.annotation || value.empty()) continue;
      if (!rule.off.empty() && equalText(value, rule.off)) continue;
      strongest = std::max(strongest, rule.means);
    }
  }
  return strongest;
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
