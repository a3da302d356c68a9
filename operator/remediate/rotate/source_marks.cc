#include "remediate/rotate/source_marks.h"

#include <string_view>

namespace firebreak::rotate {
namespace {

struct MarkRow {
  std::string_view field;  // "labels" or "annotations"
  std::string_view key;
  std::string_view value;  // empty = any
  std::string_view what;   // the found value is added
  std::string_view todo;
};

constexpr std::string_view kGit = "change the value where the source has it, and let it sync";

// The marks as each product documents them.
constexpr MarkRow kMarks[] = {
    {"annotations", "meta.helm.sh/release-name", "", "Helm release", kGit},
    {"labels", "app.kubernetes.io/managed-by", "Helm", "managed by", kGit},
    {"labels", "helm.toolkit.fluxcd.io/name", "", "Flux HelmRelease", kGit},
    {"labels", "kustomize.toolkit.fluxcd.io/name", "", "Flux Kustomization", kGit},
    {"labels", "argocd.argoproj.io/instance", "", "Argo CD application", kGit},
    {"annotations", "argocd.argoproj.io/tracking-id", "", "Argo CD", kGit},
    {"annotations", "sealedsecrets.bitnami.com/managed", "", "a SealedSecret",
     "seal a new value and commit it"},
    {"annotations", "sealedsecrets.bitnami.com/cluster-wide", "", "a SealedSecret",
     "seal a new value and commit it"},
    {"labels", "reconcile.external-secrets.io/managed", "", "External Secrets",
     "rotate it in the external store and force a sync"},
    {"annotations", "reconcile.external-secrets.io/data-hash", "", "External Secrets",
     "rotate it in the external store and force a sync"},
    {"annotations", "cert-manager.io/certificate-name", "", "cert-manager Certificate",
     "renew it through cert-manager with rotationPolicy: Always"},
    {"annotations", "replicator.v1.mittwald.de/replicated-from-version", "", "a replicated Secret",
     "rotate the Secret that it is a copy of"},
    {"annotations", "reflector.v1.k8s.emberstack.com/reflects", "", "a reflection of",
     "rotate the Secret that it is a copy of"},
};

struct Procedure {
  std::string_view type;
  std::string_view text;
};

constexpr Procedure kProcedures[] = {
    {"kubernetes.io/service-account-token",
     "the same Secret name gives the same token again, so deleting and making it anew does not "
     "help: "
     "make a token Secret under another name (or better use bound tokens), move its users, and "
     "delete this one; the API server then refuses the old token"},
    {"kubernetes.io/tls",
     "have a new certificate issued for a new key, put both into the Secret, and ask the CA to "
     "revoke "
     "the old certificate"},
    {"kubernetes.io/dockerconfigjson",
     "make a new token at the registry, put it into the Secret, and delete the old one there"},
    {"kubernetes.io/ssh-auth",
     "make a new key pair, put the public part where it is accepted and the private one into the "
     "Secret, and remove the old public part everywhere"},
    {"kubernetes.io/basic-auth",
     "set a new password where it is checked, put it into the Secret, restart the users, and make "
     "sure that the old one is refused"},
};

}  // namespace

SourceMark sourceOf(const Json& secret) {
  const Json& owners = member(secret, {"metadata", "ownerReferences"});
  if (owners.is_array() && !owners.empty()) {
    return {
        "owner " + stringOr(member(owners[0], "kind")) + " " + stringOr(member(owners[0], "name")),
        "change the value where its owner has it"};
  }
  for (const MarkRow& row : kMarks) {
    const Json& value = member(secret, {"metadata", row.field, row.key});
    if (!value.is_string() || (!row.value.empty() && value != row.value)) continue;
    return {std::string(row.what) + " " + stringOr(value), std::string(row.todo)};
  }
  if (boolOr(member(secret, "immutable"), false)) {
    return {"immutable: true", "make a Secret under a new name and let its users refer to that"};
  }
  return {};
}

std::string procedureFor(const std::string& type, const std::string& ns, const std::string& name) {
  for (const Procedure& procedure : kProcedures) {
    if (procedure.type == type) return std::string(procedure.text);
  }
  return "make a new value where it is issued, put it into the Secret (kubectl -n " + ns +
         " edit secret " + name + "), restart its users, and revoke the old value at its issuer";
}

}  // namespace firebreak::rotate
