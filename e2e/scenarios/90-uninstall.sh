#!/usr/bin/env bash
# helm uninstall: it ends within the minute, no object hangs on a finalizer of Firebreak's, nothing of the
# chart stays but what docs/install.md lists, a pod in quarantine is let go by its node and keeps its mark and its
# NetworkPolicy, and a second install takes over what stayed.
#
# Needs helm, kubectl and jq in PATH, $KUBECONFIG of a cluster administrator and the chart as release
# `firebreak`, with every capability and a sensor of level Responder. Installs it again at the end, with the values
# that it had.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario uninstall e2e-standins

if ! helm get values "$release" --namespace "$namespace" --output yaml >"$work/values.yaml" 2>"$work/error"; then
  printf 'release %s is not installed: %s\n' "$release" "$(<"$work/error")" >&2
  exit 2
fi

# shellcheck disable=SC2329  # called at the end
alsoRemove() {
  # Before there is an operator again.
  ownOf securitypolicies.firebreak.dev
  helm status "$release" --namespace "$namespace" ||
    helm install "$release" "$top/charts/firebreak" --namespace "$namespace" --values "$work/values.yaml" --wait --timeout 3m
  kubectl "${operator[@]}" patch remediations.firebreak.dev "$run" --type=merge -p '{"metadata":{"finalizers":null}}'
  kubectl delete remediations.firebreak.dev "$run" --ignore-not-found --wait=false
}

# A pod that is frozen, cut off and in quarantine when the uninstall begins.
covered "$run" "$run-pods"
policy "$run-pods" 'miners: {mode: Enforce, actions: [Isolate, Freeze, CutConnections, Drop]}'
minerPod frozen "$run"
standinPod pool "$run" pool-standin
must wait pod pool -n "$run" --for=condition=Ready --timeout=60s
isolated() { [[ $(statusOf "$run" frozen '[.conditions[]? | select(.type == "IsolationEnforced")][0].status') == True ]]; }
comesTrue 'a pod is frozen and isolated' 60 isolated

# What could be left hanging: a finalizer on a policy and on a Remediation.
if ! kubectl "${operator[@]}" create -f - >"$work/error" 2>&1 <<E
apiVersion: firebreak.dev/v1alpha1
kind: Remediation
metadata: {name: $run, finalizers: [firebreak.dev/undo]}
spec: {family: Miner, targetRef: {apiVersion: v1, kind: Pod, namespace: default, name: gone, uid: $run}, fingerprint: f}
E
then printf 'cannot set up: %s\n' "$(<"$work/error")" >&2; exit 2; fi
if ! kubectl create -f - >"$work/error" 2>&1 <<E
apiVersion: firebreak.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: $run, finalizers: [firebreak.dev/undo]}
spec: {mode: Disabled}
E
then printf 'cannot set up: %s\n' "$(<"$work/error")" >&2; exit 2; fi

begin=$SECONDS
if answer=$(helm uninstall "$release" --namespace "$namespace" --wait --timeout 3m 2>&1); then report ok "helm uninstall succeeds"
else report FAILED "helm uninstall succeeds" "$answer"; fi
took=$((SECONDS - begin))
if ((took <= 90)); then report ok "it takes ${took} s"; else report FAILED "it takes ${took} s" "more than 90"; fi

pool=$(kubectl get pod pool -n "$run" -o 'jsonpath={.status.podIP}')
# In a frozen pod a command would hang.
reachesPool() { timeout 5 kubectl exec -n "$run" frozen -- client 1 "$pool" 3333; }
expect "its mark and its NetworkPolicy stay" "1 1" \
  "$(kubectl get pods -n "$run" -l firebreak.dev/quarantine -o name | wc -l) $(kubectl get networkpolicies -n "$run" -o name | grep -c firebreak-quarantine)"
must delete networkpolicies --all -n "$run"
comesTrue "the node has thawed the pod and taken its drop off" 20 reachesPool

expect "the finalizer of a Remediation is off" "" "$(kubectl get remediations.firebreak.dev "$run" -o 'jsonpath={.metadata.finalizers}' 2>&1)"
expect "the finalizer of a SecurityPolicy is off" "" "$(kubectl get securitypolicies.firebreak.dev "$run" -o 'jsonpath={.metadata.finalizers}' 2>&1)"
expect "an administrator can delete a Remediation now" "remediation.firebreak.dev/$run" \
  "$(kubectl delete remediations.firebreak.dev "$run" --timeout=10s -o name 2>&1)"

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
