#!/usr/bin/env bash
# helm uninstall: it ends within the minute, no object hangs on a finalizer of Firebreak's, nothing of the
# chart stays but what docs/install.md lists, a pod in quarantine is let go by its node and keeps its mark and its
# NetworkPolicy, and a second install takes over what stayed.
#
# Needs helm, kubectl and jq in PATH, $KUBECONFIG of a cluster administrator and the chart as release
# `firebreak`, with every capability and a sensor of level Responder. Installs it again at the end, with the values
# that it had.
set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/cases.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/cases.sh"
# shellcheck source-path=SCRIPTDIR source=lib/targets.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/targets.sh"
# shellcheck source-path=SCRIPTDIR source=lib/images.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/images.sh"
loadImages e2e-standins
mark=e2e-uninstall-$$

if ! helm get values "$release" --namespace "$namespace" --output yaml >"$work/values.yaml" 2>"$work/error"; then
  printf 'release %s is not installed: %s\n' "$release" "$(<"$work/error")" >&2
  exit 2
fi

# shellcheck disable=SC2329  # called by the trap
cleanup() {
  kubectl delete securitypolicies.firebreak.dev "$mark" "$mark-pods" --ignore-not-found --wait=false
  helm status "$release" --namespace "$namespace" ||
    helm install "$release" "$top/charts/firebreak" --namespace "$namespace" --values "$work/values.yaml" --wait --timeout 3m
  kubectl "${operator[@]}" patch remediations.firebreak.dev "$mark" --type=merge -p '{"metadata":{"finalizers":null}}'
  kubectl delete remediations.firebreak.dev "$mark" --ignore-not-found --wait=false
  forget ".namespace == \"$mark\""
  kubectl delete namespace "$mark" --ignore-not-found --wait=false
  rm -rf "$work"
} >/dev/null 2>&1
trap cleanup EXIT
trap 'exit 130' INT TERM

# A pod that is frozen, cut off and in quarantine when the uninstall begins.
covered "$mark" "$mark-pods"
policy "$mark-pods" 'miners: {mode: Enforce, actions: [Isolate, Freeze, CutConnections, Drop]}'
minerPod frozen "$mark"
standinPod pool "$mark" pool-standin
must wait pod pool -n "$mark" --for=condition=Ready --timeout=60s
isolated() { [[ $(statusOf "$mark" frozen '[.conditions[]? | select(.type == "IsolationEnforced")][0].status') == True ]]; }
comesTrue 'a pod is frozen and isolated' 60 isolated

# What could be left hanging: a finalizer on a policy and on a Remediation.
if ! kubectl "${operator[@]}" create -f - >"$work/error" 2>&1 <<E
apiVersion: firebreak.dev/v1alpha1
kind: Remediation
metadata: {name: $mark, finalizers: [firebreak.dev/undo]}
spec: {family: Miner, targetRef: {apiVersion: v1, kind: Pod, namespace: default, name: gone, uid: $mark}, fingerprint: f}
E
then printf 'cannot set up: %s\n' "$(<"$work/error")" >&2; exit 2; fi
if ! kubectl create -f - >"$work/error" 2>&1 <<E
apiVersion: firebreak.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: $mark, finalizers: [firebreak.dev/undo]}
spec: {mode: Disabled}
E
then printf 'cannot set up: %s\n' "$(<"$work/error")" >&2; exit 2; fi

begin=$SECONDS
if answer=$(helm uninstall "$release" --namespace "$namespace" --wait --timeout 3m 2>&1); then report ok "helm uninstall succeeds"
else report FAILED "helm uninstall succeeds" "$answer"; fi
took=$((SECONDS - begin))
if ((took <= 90)); then report ok "it takes ${took} s"; else report FAILED "it takes ${took} s" "more than 90"; fi

pool=$(kubectl get pod pool -n "$mark" -o 'jsonpath={.status.podIP}')
# In a frozen pod a command would hang.
reachesPool() { timeout 5 kubectl exec -n "$mark" frozen -- client 1 "$pool" 3333; }
expect "its mark and its NetworkPolicy stay" "1 1" \
  "$(kubectl get pods -n "$mark" -l firebreak.dev/quarantine -o name | wc -l) $(kubectl get networkpolicies -n "$mark" -o name | grep -c firebreak-quarantine)"
must delete networkpolicies --all -n "$mark"
comesTrue "the node has thawed the pod and taken its drop off" 20 reachesPool

expect "the finalizer of a Remediation is off" "" "$(kubectl get remediations.firebreak.dev "$mark" -o 'jsonpath={.metadata.finalizers}' 2>&1)"
expect "the finalizer of a SecurityPolicy is off" "" "$(kubectl get securitypolicies.firebreak.dev "$mark" -o 'jsonpath={.metadata.finalizers}' 2>&1)"
expect "an administrator can delete a Remediation now" "remediation.firebreak.dev/$mark" \
  "$(kubectl delete remediations.firebreak.dev "$mark" --timeout=10s -o name 2>&1)"

# Namespaces end in the background.
for _ in {1..60}; do
  kubectl get namespace firebreak-sensor >/dev/null 2>&1 || break
  sleep 1
done
kinds=deployments,daemonsets,jobs,pods,services,serviceaccounts,roles,rolebindings,poddisruptionbudgets,networkpolicies
kinds+=,clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings,namespaces,configmaps,secrets
expect "nothing of the chart stays" "" \
  "$(kubectl get "$kinds" --all-namespaces --selector "app.kubernetes.io/instance=$release,helm.sh/chart" -o name 2>&1 | grep -v '^No resources found')"
expect "the definitions stay" "nodeguards remediations securitypolicies" \
  "$(kubectl get crd --selector "app.kubernetes.io/instance=$release" -o 'jsonpath={range .items[*]}{.spec.names.plural}{" "}{end}' | sed 's/ $//')"
expect "of Secrets only the keys stay in its namespace" "" \
  "$(kubectl get secrets --namespace "$namespace" -o name 2>&1 | grep -vE '^secret/firebreak-keys$|^No resources')"

if answer=$(helm install "$release" "$top/charts/firebreak" --namespace "$namespace" --values "$work/values.yaml" --wait --timeout 3m 2>&1); then
  report ok "a second install takes over what stayed"
else
  report FAILED "a second install takes over what stayed" "$(tail -3 <<<"$answer")"
fi

verdict
