#!/usr/bin/env bash
# A fork bomb that its pod's limit of processes holds does not blind the sensor: a miner beside it in the same pod, one
# in another pod and one that begins later are isolated as ever, and a pod that does nothing but fork is left alone.
# Removes what it made. One line per case; exit 1 if one failed.
#
# Needs kubectl and jq in PATH, $KUBECONFIG of a cluster administrator, and the chart with every capability and a
# sensor of level Responder.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario forks e2e-standins

# shellcheck disable=SC2329  # called at the end
alsoRemove() { kubectl delete pods --all -n "$run" --grace-period=0 --force --wait=false; }

covered "$run" "$run"
policy "$run" 'miners: {mode: Enforce, actions: [Isolate, CutConnections, Drop]}' 'limits: {maxConcurrent: 20, maxPerHour: 200}'
nobody "$run"
pod() {  # NAME COMMAND: on node 1, and with a fifth of a core
  standinPod "$1" "$run" "$2" node-1 '' '{requests: {cpu: 5m, memory: 8Mi}, limits: {cpu: 200m, memory: 512Mi}}'
}
restarts() {
  kubectl get pods -n "$sensorNamespace" -l app.kubernetes.io/component=sensor -o json |
    jq -c '[.items[] | {name: .metadata.name, restarts: [.status.containerStatuses[]?.restartCount]}]'
}
before=$(restarts)

pod calm 'sleep, infinity'
pod forks 'fork-standin, sleep, infinity'
pod both 'fork-standin, launch, renamed, "'"$nobody:3333"'"'
# Processes of a pod, by its cgroup.
processes() {
  local uid folder
  uid=$(kubectl get pod "$1" -n "$run" -o 'jsonpath={.metadata.uid}')
  folder=$(find /sys/fs/cgroup/pids /sys/fs/cgroup -maxdepth 8 -type d -name "*pod$uid*" 2>/dev/null | head -1)
  cat "$folder/pids.current"
}
atLimit() { local now; now=$(processes "$1"); echo "$now processes"; [[ $now -ge 800 ]]; }
comesTrue 'a pod forks up to its limit' 120 atLimit forks
comesTrue 'and so does one in which a miner runs' 120 atLimit both
must wait pod/calm -n "$run" --for=condition=Ready --timeout=60s
isolated() { [[ $(statusOf "$run" "$1" '[.conditions[]? | select(.type == "IsolationEnforced")][0].status') == True ]]; }
comesTrue 'the miner beside the bomb is isolated, proven from inside' 90 isolated both
kubectl exec -n "$run" calm -- launch renamed "$nobody:3333" >/dev/null 2>&1 &
begun=$(date +%s%3N)
comesTrue 'a miner that begins in another pod is isolated' 60 isolated calm
printf 'exec_to_isolated_ms %s beside %s + %s forking processes\n' $(($(date +%s%3N) - begun)) "$(processes forks)" "$(processes both)"
expect 'the pod that only forks is left alone' '' "$(remediationOf "$run" forks)"
expect 'no sensor was restarted' "$before" "$(restarts)"
verdict
