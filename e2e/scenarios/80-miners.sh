#!/usr/bin/env bash
# 42 stand-ins of miners and 40 innocents on a real node: every stand-in is found and its pod isolated, no
# innocent is, nothing beside them is written to; says how long it took from a program's start to its pod's
# isolation. Removes what it made. One line per case; exit 1 if one failed.
#
# Needs kubectl, jq and python3 in PATH, $KUBECONFIG of a cluster administrator and the chart with every
# capability and a sensor of level Responder. Nothing of it computes a hash or leaves the cluster.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario miners e2e-standins

makeNamespace "$run"
for n in 1 2 3 4 5; do covered "$run-$n" "$run"; done
policy "$run" 'miners: {mode: Enforce, observeSeconds: 10, actions: [Isolate, CutConnections, Drop, StopOwner]}' \
  'limits: {maxConcurrent: 60, maxPerHour: 1000}' 'breaker: {failures: 100}'

standinPod pool "$run" pool-standin
must expose pod pool -n "$run" --port=3333
pool=$(kubectl get service pool -n "$run" -o 'jsonpath={.spec.clusterIP}'):3333
manifests() { python3 "$top/e2e/scenarios/miners/pods.py" "$run" "$pool" "$1"; }
manifests names >"$work/names"

# Processor time that the sensor of this node has used, in milliseconds.
sensorUid=$(kubectl get pods -n "$sensorNamespace" -l app.kubernetes.io/component=sensor -o 'jsonpath={.items[0].metadata.uid}')
sensorCpu() {
  local file
  file=$(find /sys/fs/cgroup/cpuacct /sys/fs/cgroup -maxdepth 8 -type d -name "*pod${sensorUid}*" 2>/dev/null | head -1)
  if [[ -r $file/cpuacct.usage ]]; then awk '{printf "%d", $1 / 1e6}' "$file/cpuacct.usage"
  else awk '$1 == "usage_usec" {printf "%d", $2 / 1e3}' "$file/cpu.stat" 2>/dev/null; fi
}
cpuBefore=$(sensorCpu)

# What Firebreak made of the pods, all in one answer: a line per stand-in, "NAMESPACE NAME isolated|STATE".
judged() {
  kubectl get remediations.firebreak.dev -o json | jq -r --arg run "$run" '
    .items[] | select(.spec.targetRef.namespace | startswith($run + "-")) | select(.spec.family == "Miner")
    | [.spec.targetRef.namespace, .spec.targetRef.name,
       (if ([.status.conditions[]? | select(.type == "IsolationEnforced" and .status == "True")] | length) > 0
           or .status.outcome == "NoLongerPresent" and (.status.steps // [] | length) > 0
        then "isolated" else (.status.phase // "New") + " " + (.status.blocked.reason // "") end)] | join(" ")'
}
# missing < names: those of the stand-ins of which no pod is isolated, with what was made of them instead.
missing() {
  judged >"$work/judged"
  awk 'FILENAME != "-" { line[++n] = $0; next }
    { found = 0; said = ""
      for (i = 1; i <= n; ++i) {
        split(line[i], word, " ")
        if (word[1] != $1 || (word[2] != $2 && index(word[2], $2 "-") != 1)) continue
        if (word[3] == "isolated") found = 1
        said = said (said == "" ? "" : ", ") substr(line[i], length(word[1] word[2]) + 3)
      }
      if (!found) print $1 "/" $2 ": " said }' "$work/judged" -
}
# allIsolated SECONDS < names. Polls seldom: on two cores asking is a load too.
allIsolated() {
  local until=$((SECONDS + $1))
  cat >"$work/wanted"
  while missing <"$work/wanted" >"$work/missing"; [[ -s $work/missing ]]; do
    ((SECONDS < until)) || return 1
    sleep 3
  done
}
innocentsRunning() {
  [[ $(kubectl get pods -A -l "$innocentLabels" -o json | jq '[.items[].status.containerStatuses[]? | select(.state.running)] | length') == 40 ]]
}
innocentLabels='app in (innocents-1,innocents-2,innocents-3,innocents-4,innocents-5,innocents-6,innocents-7,innocents-8)'

# The innocents run first and all along. The stand-ins come in batches: a node of two cores that starts eighty
# pods at once says how fast a kubelet is, not how fast a miner is isolated.
manifests innocents | applied
if eventually 180 innocentsRunning; then report ok 'the 40 innocents all run'
else report FAILED 'the 40 innocents all run'; fi
begin=$SECONDS
batches=$(manifests batches)
for ((batch = 0; batch < batches; ++batch)); do
  manifests "batch-$batch" | applied
  manifests "names-$batch" | allIsolated 120
done
# What only its behaviour shows has to show it for a minute, and longer where processes wait for each other.
allIsolated 300 <"$work/names"
total=$(wc -l <"$work/names")
found=$((total - $(wc -l <"$work/missing")))
if ((found == total)); then report ok "isolates $found of $total stand-ins, proven from inside, after $((SECONDS - begin)) s in all"
else report FAILED "isolates all $total stand-ins" "$(<"$work/missing")"; fi

innocentsTouched() {
  kubectl get remediations.firebreak.dev -o json | jq -r --arg run "$run" '
    .items[] | select(.spec.targetRef.namespace | startswith($run)) | select(.spec.targetRef.name | test("^(innocents|pool)"))
    | .spec.targetRef.name + " " + .status.phase + " " + ([.status.findings[]?.message] | join("; "))'
}
if innocentsRunning; then report ok 'the 40 innocents still run'; else report FAILED 'the 40 innocents still run'; fi
expect 'none of the 40 innocents is touched, and none has a Remediation' '' "$(innocentsTouched)"

if [[ -r ${E2E_AUDIT_LOG:-} ]]; then
  writes() {  # what the operator wrote to pods and workloads in these namespaces, by name
    jq -r --arg user "$operatorUser" --arg run "$run" 'select(.user.username == $user and .stage == "ResponseComplete")
      | select(.verb | IN("create", "update", "patch", "delete")) | select(.objectRef.namespace // "" | startswith($run))
      | select(.objectRef.resource | IN("pods", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs"))
      | .objectRef.namespace + " " + .objectRef.name' "$E2E_AUDIT_LOG" | sort -u
  }
  stray() {  # of these, what is neither a stand-in's workload nor its pod
    writes | awk 'FNR == NR { names[$1] = names[$1] " " $2; next }
      { count = split(names[$1], of, " "); known = 0
        for (i = 1; i <= count; ++i) if ($2 == of[i] || index($2, of[i] "-") == 1) known = 1
        if (!known) print }' "$work/names" -
  }
  expect "writes to nothing but the stand-ins ($(writes | wc -l) objects)" '' "$(stray)"
fi

cpu=$(($(sensorCpu) - ${cpuBefore:-0})) took=$((SECONDS - begin))
printf 'sensor_cpu_percent %s of one core over %s s, with %s processes on the node\n' \
  "$(awk -v ms="$cpu" -v s="$took" 'BEGIN {printf "%.1f", ms / 10 / s}')" "$took" "$(pgrep -c .)"

# From the start that the program printed to the Event that says its pod is contained.
kubectl get events.events.k8s.io -A -o json | jq -r --arg run "$run" '.items[]
  | select(.reason == "RemediationSucceeded" and (.regarding.namespace | startswith($run)))
  | .regarding.namespace + " " + .regarding.name + " " + .eventTime' >"$work/ended"
while read -r ns pod at; do
  begun=$(kubectl logs -n "$ns" "$pod" --all-containers 2>/dev/null | awk '/^started [0-9]+$/ {print $2; exit}')
  [[ $begun ]] && echo $(($(date -d "$at" +%s%3N) - begun)) "$pod"
done <"$work/ended" | sort -n >"$work/times"
quick() { grep -vE ' (behaviour|hidden-later)' "$work/times"; }
percentile() { quick | awk -v p="$1" '{v[NR] = $1} END {i = int(NR * p / 100 + 0.999); print v[i < 1 ? 1 : i]}'; }
printf 'exec_to_isolated_ms p50=%s p99=%s of %s programs (in batches, beside 40 other programs on the same two cores; behaviour alone apart: %s)\n' \
  "$(percentile 50)" "$(percentile 99)" "$(quick | wc -l)" "$(grep ' behaviour' "$work/times" | cut -d' ' -f1 | paste -sd' ' -)"
verdict
