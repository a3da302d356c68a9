#!/usr/bin/env bash
# Two nodes, and one sensor that lies: the token of node 2's sensor reads no pods and no Secrets and writes nothing
# but the status of its own NodeGuard; what it makes up about pods of another node, of protected namespaces or
# beyond the policy's limits comes to nothing. First that a pod of node 2 is isolated by its own sensor, seen from
# node 1. Adds a second node to the cluster where it has none, and leaves it there; removes what it made else. One
# line per case; exit 1 if one failed.
#
# Needs kubectl and jq in PATH, $KUBECONFIG of a cluster administrator, and the chart with every capability and
# sensors of level Responder.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario trust
other=node-2

# shellcheck disable=SC2329  # called at the end
alsoRemove() {
  if [[ ${lying:-} ]]; then kill "$lying"; fi
  kubectl delete pod "$run" -n kube-system --ignore-not-found --wait=false
}

if ! answer=$(E2E_NODES=2 "$top/e2e/cluster/ctl" up 2>&1 && "$top/e2e/cluster/load" "$top/build/image/firebreak.tar" 2>&1); then
  printf 'cannot set up a second node: %s\n' "$answer" >&2
  exit 2
fi
loadImages e2e-standins
sensorOf() { kubectl get pods -n "$sensorNamespace" -l app.kubernetes.io/component=sensor --field-selector "spec.nodeName=$1" -o 'jsonpath={.items[0].metadata.name}'; }
hasSensor() { [[ $(kubectl get nodeguards.firebreak.dev "$other" -o 'jsonpath={.status.level}') == Responder ]]; }
comesTrue 'the sensor of a node that joins reports within the minute' 60 hasSensor

covered "$run" "$run"
policy "$run" 'miners: {mode: Enforce, actions: [Isolate, CutConnections, Drop]}' \
  'limits: {maxConcurrent: 20, maxPerHour: 4, maxPercentOfOwner: 50}'
uidOf() { kubectl get pod "$2" -n "$1" -o 'jsonpath={.metadata.uid}'; }
ip() { kubectl get pod "$2" -n "$1" -o 'jsonpath={.status.podIP}'; }
standinPod pool "$run" pool-standin node-1
standinPod asker "$run" 'sleep, infinity' node-1
standinPod served "$run" token-app "$other"
standinPod elsewhere "$run" 'sleep, infinity' node-1
standinPod "$run" kube-system 'sleep, infinity' "$other"
must wait pod pool asker served elsewhere -n "$run" --for=condition=Ready --timeout=90s

# --- a pod of the second node ---------------------------------------------------------------------

reached() { kubectl exec -n "$run" asker -- client 1 "$(ip "$run" "$1")" 8080 2>/dev/null; }
comesTrue 'a pod of node 1 reaches one of node 2' 30 reached served
kubectl exec -n "$run" served -- launch plain "$(ip "$run" pool):3333" >/dev/null 2>&1 &
mining=$!
isolated() { [[ $(statusOf "$run" "$1" '[.conditions[]? | select(.type == "IsolationEnforced")][0].status') == True ]]; }
comesTrue 'where it mines, its own node isolates it' 60 isolated served
expect 'and node 1 does not reach it any more' 1 "$(reached served; echo $?)"
orders() { kubectl get nodeguards.firebreak.dev "$1" -o json | jq -r --arg uid "$2" '[.spec.isolations[]? | select(.podUID == $uid)] | length'; }
expect 'the order stands in the NodeGuard of its node alone' '0 1' "$(orders node-1 "$(uidOf "$run" served)") $(orders "$other" "$(uidOf "$run" served)")"

# --- what the token may ---------------------------------------------------------------------------

token=$(kubectl create token "$release-sensor" -n "$sensorNamespace" --bound-object-kind Pod --bound-object-name "$(sensorOf "$other")")
(umask 077; kubectl config view --raw --minify -o json |
  jq --arg token "$token" '.users = [{name: .users[0].name, user: {token: $token}}]' >"$work/sensor.json")
as=(--kubeconfig "$work/sensor.json")
expect 'the token is that of the sensor, bound to its node' "$other" \
  "$(kubectl "${as[@]}" auth whoami -o json | jq -r --arg user "$sensorUser" '.status.userInfo | select(.username == $user) | .extra["authentication.kubernetes.io/node-name"][0]')"
status='{"status":{"level":"Basic"}}' spec='{"spec":{"isolations":[]}}'
allowed "its own NodeGuard's status" "${as[@]}" patch nodeguards.firebreak.dev "$other" --subresource=status --type=merge --dry-run=server -p "$status"
refused "the status of another node's NodeGuard" "the sensor of node $other may not write the status of NodeGuard node-1" \
  "${as[@]}" patch nodeguards.firebreak.dev node-1 --subresource=status --type=merge --dry-run=server -p "$status"
for guard in node-1 "$other"; do
  refused "orders in the NodeGuard of $guard" 'forbidden' "${as[@]}" patch nodeguards.firebreak.dev "$guard" --type=merge --dry-run=server -p "$spec"
  refused "the deletion of the NodeGuard of $guard" 'forbidden' "${as[@]}" delete nodeguards.firebreak.dev "$guard" --dry-run=server
done
for kind in pods secrets configmaps nodes services remediations.firebreak.dev securitypolicies.firebreak.dev; do
  refused "reading $kind" 'forbidden' "${as[@]}" get "$kind" --all-namespaces
done
refused 'a pod label' 'forbidden' "${as[@]}" label pod elsewhere -n "$run" a=b --dry-run=server
refused 'a command in a pod' 'forbidden' "${as[@]}" exec -n "$run" elsewhere -- true
refused 'a token of another sensor' 'forbidden' "${as[@]}" create token "$release-sensor" -n "$sensorNamespace"

# --- what a lie comes to --------------------------------------------------------------------------

applied <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: innocent, namespace: $run}
spec:
  replicas: 6
  selector: {matchLabels: {app: innocent}}
  template:
    metadata: {labels: {app: innocent}}
    spec:
      nodeName: $other
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "localhost/e2e-standins:dev", imagePullPolicy: Never, command: [sleep, infinity]}]
Y
must rollout status deployment/innocent -n "$run" --timeout=90s
innocents=$(kubectl get pods -n "$run" -l app=innocent -o 'jsonpath={.items[*].metadata.uid}')
sensorUid=$(uidOf "$sensorNamespace" "$(sensorOf "$other")")
lie() {  # the made-up sightings of everybody, as the sensor itself would write them
  jq -cn --arg now "$(date -u +%Y-%m-%dT%H:%M:%SZ)" '{status: {sightings: [$ARGS.positional[] | {podUID: ., score: 100, firstSeen: $now, lastSeen: $now,
    process: {pid: 7, startTime: 7, comm: "xmrig", commandLine: "xmrig -o stratum+tcp://192.0.2.1:3333"},
    signals: [{signal: "stratum-url", weight: 90, detail: "made up"}]}]}}' \
    --args "$@"
}
# The true sensor writes over it; it is told again and again, as one that was taken over would.
# shellcheck disable=SC2086  # one or more uids
liar() { while :; do kubectl "${as[@]}" patch nodeguards.firebreak.dev "$other" --subresource=status --type=merge -p "$(lie "$(uidOf "$run" elsewhere)" "$(uidOf kube-system "$run")" "$sensorUid" $innocents)"; sleep 1; done; }
liar >"$work/lies" 2>&1 &
lying=$!
blamed() {
  kubectl get remediations.firebreak.dev -o json | jq -r --arg run "$run" '.items[] | select(.spec.targetRef.namespace == $run)
    | select(.spec.targetRef.name | startswith("innocent")) | select((.status.steps // []) | length > 0) | .spec.targetRef.name'
}
heldBack() { [[ $(kubectl get remediations.firebreak.dev -o json | jq --arg run "$run" '[.items[] | select(.spec.targetRef.namespace == $run and .status.blocked.reason != null and .status.blocked.reason != "")] | length') -gt 0 ]]; }
someBlamed() { [[ $(blamed | wc -l) -ge 1 ]]; }
comesTrue 'a lie about its own pods is believed' 60 someBlamed
comesTrue 'within the limits: the others are held back' 60 heldBack
sleep 5
kill "$lying" && lying=
out=$(blamed | wc -l)
# maxPercentOfOwner of six pods; maxPerHour holds a share for namespaces beside this one no more.
if ((out >= 1 && out <= 3)); then report ok "of six pods $out were taken out, not more than half"
else report FAILED 'of six pods at most half were taken out' "$out: $(blamed | paste -sd' ')"; fi
named() { kubectl get remediations.firebreak.dev -o json | jq -r --arg ns "$1" --arg name "$2" '[.items[] | select(.spec.targetRef.namespace == $ns and .spec.targetRef.name == $name and ((.status.steps // []) | length > 0))] | length'; }
expect 'a lie about a pod of another node is none' '' "$(remediationOf "$run" elsewhere)"
expect 'nothing is done to a pod of kube-system' 0 "$(named kube-system "$run")"
expect 'nothing is done to a sensor' 0 "$(named "$sensorNamespace" "$(sensorOf "$other")")"
expect 'the Deployment serves on with its six pods' 6 "$(kubectl get deployment innocent -n "$run" -o 'jsonpath={.status.replicas}')"
kill "$mining" 2>/dev/null
verdict
