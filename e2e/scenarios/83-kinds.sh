#!/usr/bin/env bash
# Quarantine by what owns the pod: StatefulSet, DaemonSet, Job, a CronJob's Job, nobody; on the node's network; with
# all privileges. Each begins to mine, is isolated and replaced where its owner can, and comes back with its labels
# when it is let go. Last the node is rebooted with one in quarantine: it comes back shut, and can be let go. Removes
# what it made. One line per case; exit 1 if one failed.
#
# Needs kubectl and jq in PATH, $KUBECONFIG of a cluster administrator, and the chart with every capability and a
# sensor of level Responder.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario kinds e2e-standins

covered "$run" "$run"
policy "$run" 'miners: {mode: Enforce, actions: [Isolate, CutConnections, Drop]}' 'limits: {maxConcurrent: 20, maxPerHour: 200}'
spec() {  # [FIELDS OF THE SPEC] [OF THE CONTAINER]
  printf '{automountServiceAccountToken: false, terminationGracePeriodSeconds: 0%s, containers: [{name: main, image: "localhost/e2e-standins:dev", imagePullPolicy: Never, command: [sleep, infinity]%s}]}' "${1:-}" "${2:-}"
}
template() { printf '{metadata: {labels: {app: %s}}, spec: %s}' "$1" "$(spec "${@:2}")"; }
controller() {  # KIND NAME MORE FIELDS-OF-SPEC FIELDS-OF-CONTAINER
  printf -- '---\napiVersion: apps/v1\nkind: %s\nmetadata: {name: %s, namespace: %s}\nspec: {selector: {matchLabels: {app: %s}}%s, template: %s}\n' \
    "$1" "$2" "$run" "$2" "$3" "$(template "$2" "${@:4}")"
}
standinPod pool "$run" pool-standin
applied <<Y
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: $run, labels: {app: bare, tier: none}}
spec: $(spec)
---
apiVersion: batch/v1
kind: Job
metadata: {name: job, namespace: $run}
spec: {template: $(template job ', restartPolicy: Never')}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cron, namespace: $run}
spec: {schedule: "0 0 1 1 *", jobTemplate: {spec: {template: $(template cron ', restartPolicy: Never')}}}
$(controller StatefulSet set ', serviceName: set')
$(controller DaemonSet daemon '')
$(controller Deployment host '' ', hostNetwork: true')
$(controller Deployment privileged '' '' ', securityContext: {privileged: true}')
Y
must create job cron-1 --from=cronjob/cron -n "$run"
kinds=(set daemon job cron host privileged bare)
podOf() { kubectl get pods -n "$run" -l "app=$1" --sort-by=.metadata.creationTimestamp -o 'jsonpath={.items[0].metadata.name}'; }
allReady() { [[ $(kubectl get pods -n "$run" -o json | jq '[.items[] | select(any(.status.conditions[]?; .type == "Ready" and .status == "True"))] | length') -ge 8 ]]; }
comesTrue 'a pod of each kind runs' 90 allReady
poolAddress() { kubectl get pod pool -n "$run" -o 'jsonpath={.status.podIP}'; }
pool=$(poolAddress)
declare -A pod uid labels
for kind in "${kinds[@]}"; do
  pod[$kind]=$(podOf "$kind")
  uid[$kind]=$(kubectl get pod "${pod[$kind]}" -n "$run" -o 'jsonpath={.metadata.uid}')
  labels[$kind]=$(labelsOf "$run" "${pod[$kind]}" | jq -cS .)
done
reachesPool() { kubectl exec -n "$run" "${pod[$1]}" -- client 1 "$pool" 3333 >/dev/null 2>&1; }
each() {  # COMMAND: the kinds for which it fails
  local kind
  for kind in "${kinds[@]}"; do "$1" "$kind" || echo "$kind"; done
}
expect 'each reaches the pool before' '' "$(each reachesPool)"

for kind in "${kinds[@]}"; do kubectl exec -n "$run" "${pod[$kind]}" -- launch plain "$pool:3333" >/dev/null 2>&1 & done
isolated() { [[ $(statusOf "$run" "${pod[$1]}" '[.conditions[]? | select(.type == "IsolationEnforced")][0].status') == True ]]; }
allIsolated() { local left; left=$(each isolated); echo "not isolated: $left"; [[ -z $left ]]; }
comesTrue 'each is isolated once it mines, proven from inside' 120 allIsolated
cutOff() { ! reachesPool "$1"; }
expect 'none reaches the pool any more' '' "$(each cutOff)"
replaced() {
  local now
  now=$(kubectl get pods -n "$run" -l "app=$1" -o json | jq -r --arg uid "${uid[$1]}" '[.items[] | select(.metadata.uid != $uid and .metadata.deletionTimestamp == null)] | length')
  case $1 in set | bare) [[ $now == 0 ]] ;; *) [[ $now -ge 1 ]] ;; esac
}
allReplaced() { local left; left=$(each replaced); echo "otherwise: $left"; [[ -z $left ]]; }
comesTrue 'their owners make another, but for a StatefulSet and a bare pod' 60 allReplaced

# --- back ------------------------------------------------------------------------------------------

stopMining() { kubectl exec -n "$run" "${pod[$1]}" -- sh -c 'kill $(ps | grep [s]tratum | while read p rest; do echo $p; done)' >/dev/null 2>&1; }
letGo() { stopMining "$1"; "$firebreak" revert "$(remediationOf "$run" "${pod[$1]}")" >>"$work/revert" 2>&1; }
back=(set daemon job cron host privileged)
for kind in "${back[@]}"; do letGo "$kind"; done
kinds=("${back[@]}")
reverted() { [[ $(statusOf "$run" "${pod[$1]}" .phase) == Reverted ]]; }
allReverted() { local left; left=$(each reverted); echo "not let go: $left"; [[ -z $left ]]; }
comesTrue 'each is let go' 150 allReverted
sameAsBefore() { [[ $(labelsOf "$run" "${pod[$1]}" | jq -cS .) == "${labels[$1]}" && $(kubectl get pod "${pod[$1]}" -n "$run" -o 'jsonpath={.metadata.uid}') == "${uid[$1]}" ]]; }
allBack() {
  local changed unreached
  changed=$(each sameAsBefore) unreached=$(each reachesPool)
  printf 'not as before: %s\nreaches no pool at %s: %s\n' "$changed" "$pool" "$unreached"
  [[ -z $changed$unreached ]]
}
comesTrue 'it is the same pod with the same labels, and reaches the pool again' 60 allBack

# --- a reboot with one in quarantine ---------------------------------------------------------------

"$top/e2e/cluster/ctl" reboot >"$work/reboot" 2>&1 || report FAILED 'the node can be rebooted' "$(<"$work/reboot")"
runsAgain() { [[ $(kubectl get pod "$1" -n "$run" -o 'jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}') == [1-9]*' true' ]]; }
comesTrue 'the pod in quarantine runs again after a reboot' 120 runsAgain bare
comesTrue 'and so does the pool' 60 runsAgain pool
pool=$(poolAddress)  # a pod's address does not outlive its node's reboot
kinds=(bare)
allCutOff() { [[ -z $(each cutOff) ]]; }
comesTrue 'and is shut again' 60 allCutOff
held() { [[ $(kubectl get nodeguards.firebreak.dev -o json | jq -r --arg uid "${uid[bare]}" '[.items[].status.isolations[]? | select(.podUID == $uid and .measure == "Drop")][0].state') == Verified ]]; }
comesTrue 'by its node, which says so' 60 held
must rollout status deployment/"$release-operator" -n "$namespace" --timeout=120s
letGo bare
comesTrue 'it is let go after the reboot too' 90 allReverted
comesTrue 'with its labels, and reaches the pool again' 120 allBack
must rollout status daemonset/"$release-sensor" -n "$sensorNamespace" --timeout=120s
must rollout status deployment/coredns -n kube-system --timeout=120s
verdict
