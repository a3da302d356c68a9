#!/usr/bin/env bash
# Who may write what: the chart's admission policies, asked by impersonation.
#   - people decide about targets in namespaces where they hold approve, reject or revert, in their own
#     name, about the plan that is shown, and write nothing else of a Remediation;
#   - a NodeGuard's spec is the operator's, its status that of the sensor on that very node;
#   - the operator's own token is held by the seatbelt even where RBAC would let it do anything.
#
# Needs kubectl 1.35 in PATH, $KUBECONFIG of a cluster administrator and the chart with its admission
# policies. Works in two namespaces of its own and removes everything it made; no pod of it ever runs.
# One line per case; exit 1 if one failed, 2 if the policies are not there.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib/cases.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/cases.sh"
ada=(--as=e2e-ada --as-group=system:authenticated)
bob=(--as=e2e-bob --as-group=system:authenticated)

run=e2e-admission-$$
inside=$run-in   # where ada may decide
outside=$run-out # where she may not

for name in remediations nodeguards seatbelt; do
  if ! kubectl get validatingadmissionpolicybinding "$release-$name" >/dev/null 2>"$work/error"; then
    printf 'the admission policies of the chart are not in reach: %s\n' "$(<"$work/error")" >&2
    rm -rf "$work"
    exit 2
  fi
done

# shellcheck disable=SC2329  # called by the trap
cleanup() {
  kubectl "${operator[@]}" delete remediations.firebreak.dev "$inside" "$outside" --ignore-not-found --wait=false
  kubectl "${operator[@]}" delete nodeguards.firebreak.dev "$run" --ignore-not-found --wait=false
  kubectl delete securitypolicies.firebreak.dev "$run" --ignore-not-found --wait=false
  kubectl delete clusterrolebinding,clusterrole "$run" "$run-sole" --ignore-not-found --wait=false
  kubectl delete namespace "$inside" "$outside" --ignore-not-found --wait=false
  rm -rf "$work"
} >/dev/null 2>&1
trap cleanup EXIT
trap 'exit 130' INT TERM

# --- what the cases need -------------------------------------------------------------------------

remediation() {  # namespace of the target
  cat <<E
apiVersion: firebreak.dev/v1alpha1
kind: Remediation
metadata: {name: $1}
spec: {family: Miner, targetRef: {apiVersion: v1, kind: Pod, namespace: $1, name: p, uid: u}, fingerprint: f}
E
}
cat >"$work/people.yaml" <<E
apiVersion: v1
kind: Namespace
metadata: {name: $inside}
---
apiVersion: v1
kind: Namespace
metadata: {name: $outside}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: $run}
rules: [{apiGroups: [firebreak.dev], resources: [remediations, remediations/status], verbs: [get, update, patch, create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: $run}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: $run}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: e2e-ada}, {apiGroup: rbac.authorization.k8s.io, kind: User, name: e2e-bob}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: decide, namespace: $inside}
rules: [{apiGroups: [firebreak.dev], resources: [remediations], verbs: [approve, revert]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: decide, namespace: $inside}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: decide}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: e2e-ada}]
E
cat >"$work/targets.yaml" <<E
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: $inside, labels: {app: x}}
spec:
  nodeSelector: {e2e-admission: nowhere}
  containers: [{name: c, image: localhost/nothing:e2e}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: theirs, namespace: $inside}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: $inside}
spec:
  replicas: 0
  selector: {matchLabels: {app: d}}
  template:
    metadata: {labels: {app: d}}
    spec: {containers: [{name: c, image: localhost/nothing:e2e}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: s, namespace: $inside}
spec:
  replicas: 0
  serviceName: s
  selector: {matchLabels: {app: s}}
  template:
    metadata: {labels: {app: s}}
    spec: {containers: [{name: c, image: localhost/nothing:e2e}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: j, namespace: $inside}
spec:
  schedule: "0 0 1 1 *"
  suspend: false
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: localhost/nothing:e2e}]}}}}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: $inside}
spec: {type: NodePort, selector: {app: d}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: inner, namespace: $inside}
spec: {selector: {app: d}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: was, namespace: $inside, annotations: {firebreak.dev/published-as: "NodePort  80/TCP:80"}}
spec: {selector: {app: d}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: theirs, namespace: $inside}
spec: {podSelector: {}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: $inside}
spec:
  rules:
  - host: a.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /view, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: $run-sole}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: theirs, namespace: $inside}]
---
apiVersion: v1
kind: Secret
metadata: {name: theirs, namespace: $inside}
stringData: {k: v}
---
apiVersion: firebreak.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: $run}
spec: {mode: Disabled}
E
networkPolicy() {  # name namespace manager
  cat <<E
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: $1, namespace: $2, labels: {app.kubernetes.io/managed-by: $3}}
spec: {podSelector: {}}
E
}
networkPolicy ours "$inside" firebreak >"$work/np-ours.yaml"
networkPolicy foreign "$inside" somebody >"$work/np-foreign.yaml"
networkPolicy ours kube-system firebreak >"$work/np-system.yaml"

must apply -f "$work/people.yaml"
# In a new namespace pods are refused until its ServiceAccount is there (where a controller makes it).
eventually 30 kubectl get serviceaccount default -n "$inside"
must apply -f "$work/targets.yaml"
remediation "$inside" >"$work/inside.yaml"
remediation "$outside" >"$work/outside.yaml"

# --- Remediations --------------------------------------------------------------------------------

refused "a Remediation made by an administrator" "only the Firebreak operator creates Remediations" create -f "$work/inside.yaml"
refused "a Remediation made with a decision in it" "created without spec.decision" "${operator[@]}" create -f - <<<"$(sed "s/fingerprint: f/fingerprint: f, decision: {action: Reject, by: '$operatorUser'}/" "$work/inside.yaml")"
must "${operator[@]}" create -f "$work/inside.yaml" -f "$work/outside.yaml"

decision() { printf '{"spec":{"decision":%s}}' "$1"; }
decide() { printf '%s\n' patch remediations.firebreak.dev "$1" --type=merge -p "$(decision "$2")" "${@:3}"; }
mapfile -t args < <(decide "$inside" '{"action":"Approve","planHash":"h1","by":"e2e-ada"}' --dry-run=server)
refused "an approval where no plan is shown" "no plan to approve yet" "${ada[@]}" "${args[@]}"
must "${operator[@]}" patch remediations.firebreak.dev "$inside" --subresource=status --type=merge -p '{"status":{"planHash":"h1","phase":"AwaitingApproval"}}'
must "${operator[@]}" patch remediations.firebreak.dev "$outside" --subresource=status --type=merge -p '{"status":{"planHash":"h1"}}'

allowed "an approval by who holds the verb there" "${ada[@]}" "${args[@]}"
refused "an approval by who does not" "user e2e-bob needs the verb approve on remediations.firebreak.dev in namespace $inside" "${bob[@]}" \
  patch remediations.firebreak.dev "$inside" --type=merge --dry-run=server -p "$(decision '{"action":"Approve","planHash":"h1","by":"e2e-bob"}')"
mapfile -t args < <(decide "$outside" '{"action":"Approve","planHash":"h1","by":"e2e-ada"}' --dry-run=server)
refused "an approval in a namespace where she may not" "needs the verb approve on remediations.firebreak.dev in namespace $outside" "${ada[@]}" "${args[@]}"
mapfile -t args < <(decide "$inside" '{"action":"Reject","by":"e2e-ada"}' --dry-run=server)
refused "a rejection by who may only approve and revert" "needs the verb reject" "${ada[@]}" "${args[@]}"
mapfile -t args < <(decide "$inside" '{"action":"Revert","by":"e2e-ada"}' --dry-run=server)
allowed "a revert by who holds the verb" "${ada[@]}" "${args[@]}"
mapfile -t args < <(decide "$inside" '{"action":"Approve","planHash":"h0","by":"e2e-ada"}' --dry-run=server)
refused "an approval of another plan" "not that of the plan shown (h1)" "${ada[@]}" "${args[@]}"
mapfile -t args < <(decide "$inside" '{"action":"Approve","planHash":"h1","by":"e2e-bob"}' --dry-run=server)
refused "a decision in another's name" "must be the user who decides: e2e-ada" "${ada[@]}" "${args[@]}"
mapfile -t args < <(decide "$inside" "{\"action\":\"Approve\",\"planHash\":\"h1\",\"by\":\"$operatorUser\"}" --dry-run=server)
refused "a decision by the operator" "the Firebreak operator does not decide" "${operator[@]}" "${args[@]}"

mapfile -t args < <(decide "$inside" '{"action":"Approve","planHash":"h1","by":"e2e-ada"}')
must "${ada[@]}" "${args[@]}"
mapfile -t args < <(decide "$inside" null --dry-run=server)
allowed "taking back one's approval" "${ada[@]}" "${args[@]}"
refused "taking back an approval without the verb" "needs the verb approve" "${bob[@]}" "${args[@]}"
allowed "the operator's clearing an old decision" "${operator[@]}" "${args[@]}"
allowed "the operator's write beside a standing decision" "${operator[@]}" patch remediations.firebreak.dev "$inside" --type=merge --dry-run=server -p '{"metadata":{"finalizers":["firebreak.dev/undo"]}}'

for part in '"labels":{"a":"b"}' '"annotations":{"a":"b"}' '"finalizers":["e2e.test/a"]' '"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n","uid":"u"}]'; do
  refused "a person's write to the metadata: ${part%%:*}" "only spec.decision of a Remediation may be written" "${ada[@]}" \
    patch remediations.firebreak.dev "$inside" --type=merge --dry-run=server -p "{\"metadata\":{$part}}"
done
refused "a person's write to the status" "only the Firebreak operator writes the status" "${ada[@]}" \
  patch remediations.firebreak.dev "$inside" --subresource=status --type=merge --dry-run=server -p '{"status":{"planHash":"h9"}}'
refused "an administrator's write to the status" "only the Firebreak operator writes the status" \
  patch remediations.firebreak.dev "$inside" --subresource=status --type=merge --dry-run=server -p '{"status":{"phase":"Contained"}}'
allowed "a deletion by an administrator" delete remediations.firebreak.dev "$inside" --dry-run=server
allowed "a deletion by the garbage collector" --as=system:serviceaccount:kube-system:generic-garbage-collector --as-group=system:masters \
  delete remediations.firebreak.dev "$inside" --dry-run=server

# --- NodeGuards ----------------------------------------------------------------------------------

guard=$(printf 'apiVersion: firebreak.dev/v1alpha1\nkind: NodeGuard\nmetadata: {name: %s}\n' "$run")
refused "a NodeGuard made by an administrator" "only the Firebreak operator writes the spec of a NodeGuard" create -f - <<<"$guard"
node=authentication.kubernetes.io/node-name
allowed "an empty NodeGuard made by the sensor of that node" "${sensor[@]}" --as-user-extra="$node=$run" create --dry-run=server -f - <<<"$guard"
refused "a NodeGuard made by the sensor of another node" "only the Firebreak operator writes the spec" "${sensor[@]}" --as-user-extra="$node=another" create --dry-run=server -f - <<<"$guard"
refused "a NodeGuard with orders made by a sensor" "only the Firebreak operator writes the spec" "${sensor[@]}" --as-user-extra="$node=$run" create --dry-run=server -f - <<<"$guard
spec: {isolations: [{orderID: o, podUID: u}]}"
must "${operator[@]}" create -f - <<<"$guard"
order='{"spec":{"isolations":[{"orderID":"o","podUID":"u","measures":["Drop"]}]}}'
allowed "an order by the operator" "${operator[@]}" patch nodeguards.firebreak.dev "$run" --type=merge --dry-run=server -p "$order"
refused "an order by an administrator" "only the Firebreak operator writes the spec of a NodeGuard" patch nodeguards.firebreak.dev "$run" --type=merge --dry-run=server -p "$order"
sighting=(patch nodeguards.firebreak.dev "$run" --subresource=status --type=merge --dry-run=server -p '{"status":{"level":"Basic"}}')
allowed "the status by the sensor of that node" "${sensor[@]}" --as-user-extra="$node=$run" "${sighting[@]}"
refused "the status by the sensor of another node" "the sensor of node another may not write the status of NodeGuard $run" "${sensor[@]}" --as-user-extra="$node=another" "${sighting[@]}"
refused "the status with a token that is bound to no pod" "the token is bound to no pod" "${sensor[@]}" "${sighting[@]}"
refused "the status by the operator" "denied request" "${operator[@]}" "${sighting[@]}"
refused "the status by an administrator" "only the Firebreak sensor writes the status of a NodeGuard" "${sighting[@]}"
refused "an order by a sensor" "denied request" "${sensor[@]}" --as-user-extra="$node=$run" patch nodeguards.firebreak.dev "$run" --type=merge --dry-run=server -p "$order"
refused "a pod's deletion by a sensor" "seatbelt: a Firebreak sensor writes" "${sensor[@]}" delete pod p -n "$inside" --dry-run=server

# --- the seatbelt --------------------------------------------------------------------------------

dry=(--dry-run=server -n "$inside")
op() { printf '%s\n' "${operator[@]}" "${dry[@]}" "$@"; }
merge() { mapfile -t args < <(op patch "$1" "$2" --type=merge -p "$3" "${@:4}"); }

merge pod p '{"metadata":{"labels":{"app":null,"firebreak.dev/quarantine":"u"}}}'
allowed "relabelling a pod" "${args[@]}"
mapfile -t args < <(op patch pod p --type=json -p '[{"op":"replace","path":"/spec/containers/0/image","value":"localhost/other:e2e"}]')
refused "another image in a pod" "never changes the spec of a pod" "${args[@]}"
refused "a new pod" "never does CREATE on pods" "${operator[@]}" "${dry[@]}" run new --image=localhost/nothing:e2e
refused "a new Deployment" "never does CREATE on deployments.apps" "${operator[@]}" "${dry[@]}" create deployment new --image=localhost/nothing:e2e
refused "a command in a pod" "never does CONNECT on pods/exec" "${operator[@]}" -n "$inside" exec p -- true
refused "an ephemeral container" "never does UPDATE on pods/ephemeralcontainers" "${operator[@]}" -n "$inside" patch pod p --subresource=ephemeralcontainers \
  --type=strategic --dry-run=server -p '{"spec":{"ephemeralContainers":[{"name":"e","image":"localhost/nothing:e2e"}]}}'
allowed "terminating a pod" "${operator[@]}" "${dry[@]}" delete pod p
for kind in deployment/d statefulset/s; do
  merge "${kind%/*}" "${kind#*/}" '{"spec":{"replicas":1}}'
  allowed "scaling a ${kind%/*}" "${args[@]}"
  merge "${kind%/*}" "${kind#*/}" '{"spec":{"template":{"metadata":{"annotations":{"firebreak.dev/restartedAt":"2026-01-01T00:00:00Z"}}}}}'
  allowed "restarting a ${kind%/*}" "${args[@]}"
  merge "${kind%/*}" "${kind#*/}" '{"spec":{"template":{"metadata":{"annotations":{"other":"x"}}}}}'
  refused "another annotation in the template of a ${kind%/*}" "firebreak.dev/restartedAt only" "${args[@]}"
  merge "${kind%/*}" "${kind#*/}" '{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"localhost/other:e2e"}]}}}}'
  refused "another image in a ${kind%/*}" "firebreak.dev/restartedAt only" "${args[@]}"
  merge "${kind%/*}" "${kind#*/}" '{"spec":{"template":{"spec":{"serviceAccountName":"other"}}}}'
  refused "another ServiceAccount in a ${kind%/*}" "firebreak.dev/restartedAt only" "${args[@]}"
done
merge deployment d '{"spec":{"paused":true}}'
refused "pausing a Deployment" "replicas, suspend and the annotation" "${args[@]}"
merge deployment d '{"spec":{"minReadySeconds":9}}'
refused "another field of a Deployment" "replicas, suspend and the annotation" "${args[@]}"
allowed "scaling through the subresource" "${operator[@]}" -n "$inside" patch deployment d --subresource=scale --type=merge --dry-run=server -p '{"spec":{"replicas":1}}'
merge cronjob j '{"spec":{"suspend":true}}'
allowed "suspending a CronJob" "${args[@]}"
merge cronjob j '{"spec":{"schedule":"* * * * *"}}'
refused "another schedule of a CronJob" "replicas, suspend and the annotation" "${args[@]}"
merge service s '{"spec":{"type":"ClusterIP"}}'
allowed "unpublishing a Service" "${args[@]}"
merge service s '{"spec":{"externalIPs":["192.0.2.1"]}}'
refused "an external address on a Service" "only as it was before Firebreak unpublished it" "${args[@]}"
merge service s '{"spec":{"ports":[{"port":22}]}}'
refused "another port of a published Service" "only as it was before Firebreak unpublished it" "${args[@]}"
merge service inner '{"spec":{"type":"NodePort"}}'
refused "publishing a Service" "only as it was before Firebreak unpublished it" "${args[@]}"
merge service inner '{"metadata":{"annotations":{"firebreak.dev/published-as":"NodePort  80/TCP:80"}}}'
refused "a made-up mark on a Service" "says how the Service is published" "${args[@]}"
merge service was '{"spec":{"type":"NodePort"}}'
allowed "publishing a Service again as it was" "${args[@]}"
merge service was '{"spec":{"type":"LoadBalancer"}}'
refused "publishing a Service again otherwise" "only as it was before Firebreak unpublished it" "${args[@]}"
route() { args=("${operator[@]}" -n "$inside" patch ingress front --type=json --dry-run=server -p "[$1]"); }
route '{"op":"replace","path":"/spec/rules/0/http/paths/1/backend/service/name","value":"firebreak-locked"}'
allowed "detaching a route" "${args[@]}"
route '{"op":"replace","path":"/spec/rules/0/http/paths/0/backend/service/name","value":"other"}'
refused "another backend of an Ingress" "to and from firebreak-locked only" "${args[@]}"
route '{"op":"replace","path":"/spec/rules/0/host","value":"b.example"}'
refused "another host of an Ingress" "to and from firebreak-locked only" "${args[@]}"
route '{"op":"remove","path":"/spec/rules/0/http/paths/0"}'
refused "a path less in an Ingress" "to and from firebreak-locked only" "${args[@]}"
merge service s '{"spec":{"selector":{"app":"other"}}}'
refused "another selector of a Service" "never changes the selector of a Service" "${args[@]}"
allowed "a NetworkPolicy of Firebreak's" "${operator[@]}" create --dry-run=server -f "$work/np-ours.yaml"
refused "a NetworkPolicy without its label" "app.kubernetes.io/managed-by=firebreak" "${operator[@]}" create --dry-run=server -f "$work/np-foreign.yaml"
refused "deleting somebody's NetworkPolicy" "app.kubernetes.io/managed-by=firebreak" "${operator[@]}" "${dry[@]}" delete networkpolicy theirs
refused "a NetworkPolicy in kube-system" "namespace kube-system is protected" "${operator[@]}" create --dry-run=server -f "$work/np-system.yaml"
refused "a ConfigMap in somebody's namespace" "in its own namespace only" "${operator[@]}" "${dry[@]}" create configmap x
refused "deleting somebody's Secret" "deletes only Secrets that it made" "${operator[@]}" "${dry[@]}" delete secret theirs
merge secret theirs '{"stringData":{"k":"w"}}'
allowed "rotating a Secret" "${args[@]}"
allowed "its key Secret" "${operator[@]}" -n "$namespace" create secret generic firebreak-keys --dry-run=server --from-literal=k=v -o name
refused "another Secret in its own namespace" "in its own namespace the Firebreak operator does not write secrets $run" "${operator[@]}" -n "$namespace" create secret generic "$run" --dry-run=server --from-literal=k=v
allowed "stopping itself" "${operator[@]}" -n "$namespace" patch deployment "$release-operator" --subresource=scale --type=merge --dry-run=server -p '{"spec":{"replicas":0}}'
refused "more replicas of itself" "in its own namespace the Firebreak operator does not write" "${operator[@]}" -n "$namespace" patch deployment "$release-operator" --subresource=scale --type=merge --dry-run=server -p '{"spec":{"replicas":5}}'
refused "a binding to cluster-admin" "never does CREATE on clusterrolebindings" "${operator[@]}" create clusterrolebinding "$run-x" --clusterrole=cluster-admin --user=x --dry-run=server
allowed "deleting a binding that makes one ServiceAccount cluster-admin" "${operator[@]}" delete clusterrolebinding "$run-sole" --dry-run=server
refused "deleting another binding" "only ClusterRoleBindings that make one ServiceAccount alone cluster-admin" "${operator[@]}" delete clusterrolebinding "$run" --dry-run=server
refused "a token of somebody's ServiceAccount" "never does CREATE on serviceaccounts/token" "${operator[@]}" -n "$inside" create token theirs
refused "another mode in a SecurityPolicy" "never changes the spec of a SecurityPolicy" "${operator[@]}" patch securitypolicies.firebreak.dev "$run" --type=merge --dry-run=server -p '{"spec":{"mode":"Enforce"}}'
allowed "its finalizer on a SecurityPolicy" "${operator[@]}" patch securitypolicies.firebreak.dev "$run" --type=merge --dry-run=server -p '{"metadata":{"finalizers":["firebreak.dev/undo"]}}'
allowed "the status of a SecurityPolicy" "${operator[@]}" patch securitypolicies.firebreak.dev "$run" --subresource=status --type=merge --dry-run=server -p '{"status":{"observedGeneration":1}}'
for where in "$inside" kube-system; do
  allowed "an Event in $([[ $where == kube-system ]] && echo "a protected namespace" || echo "the namespace of the target")" "${operator[@]}" create --dry-run=server -f - <<E
apiVersion: events.k8s.io/v1
kind: Event
metadata: {name: $run, namespace: $where}
eventTime: "2026-01-01T00:00:00.000000Z"
reportingController: firebreak.dev/operator
reportingInstance: e2e
action: Isolate
reason: WouldRemediate
type: Normal
note: would be isolated
regarding: {apiVersion: v1, kind: Pod, namespace: $where, name: p}
E
done
allowed "a Lease in its own namespace" "${operator[@]}" create --dry-run=server -f - <<E
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: $run, namespace: $namespace}
E
allowed "asking what it may do" "${operator[@]}" auth can-i create pods -n "$inside"

verdict
