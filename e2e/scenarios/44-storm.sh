#!/usr/bin/env bash
# 500 miners at once: the limits of the policy hold exactly, nothing beyond them is touched, an owner keeps
# its share, and meanwhile the operator answers, helps others, writes nothing over and over and does not
# grow.
#
# Needs kubectl, jq and python3 in PATH, $KUBECONFIG of a cluster administrator, the chart with every
# capability and the image e2e-standins. The 500 are pods without a node whose status says Running. Removes
# what it made. One line per case; exit 1 if one failed.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

count=${STORM_PODS:-500} perHour=30 concurrent=5
scenario storm e2e-standins
owned=$run-owned other=$run-other

# shellcheck disable=SC2329  # called at the end
alsoRemove() { if [[ ${sampler:-} ]]; then kill "$sampler"; fi; }

leader() { kubectl get lease -n "$namespace" -o json | jq -r '[.items[].spec.holderIdentity][0] | sub("_[0-9]+$"; "")'; }
memory() {  # of that pod, in MiB
  local node
  node=$(kubectl get pod "$1" -n "$namespace" -o 'jsonpath={.spec.nodeName}')
  kubectl get --raw "/api/v1/nodes/$node/proxy/stats/summary" |
    jq --arg pod "$1" '.pods[] | select(.podRef.name == $pod) | .containers[0].memory.workingSetBytes / 1048576 | floor'
}
restarts() { kubectl get pods -n "$namespace" -l app.kubernetes.io/component=operator -o 'jsonpath={.items[*].status.containerStatuses[*].restartCount}'; }
ours() { kubectl get remediations.firebreak.dev -o json | jq "[.items[] | select(.spec.targetRef.namespace == \"$1\") | select($2)] | length"; }
untouched() { kubectl get pods -n "$1" -o json | jq '[.items[] | select(.metadata.labels["firebreak.dev/quarantine"] == null)] | length'; }
writes() {  # how many of the operator's changes the audit log has, reports apart
  [[ -r ${E2E_AUDIT_LOG:-} ]] || { echo 0; return; }
  grep -F "\"username\":\"$operatorUser\"" "$E2E_AUDIT_LOG" | grep -F '"stage":"ResponseComplete"' | grep -E '"verb":"(create|update|patch|delete)"' |
    grep -vcE '"resource":"(leases|selfsubjectaccessreviews|subjectaccessreviews)"'
}

holder=$(leader)
restartsBefore=$(restarts)
memoryBefore=$(memory "$holder")

for each in "$run" "$owned" "$other"; do covered "$each" "$each"; done
enforce='miners: {mode: Enforce, actions: [Isolate]}'
policy "$other" "$enforce" 'limits: {maxConcurrent: 600, maxPerHour: 10000}'
nobody "$run"
idlePod neighbour "$run"
# Looks all the time at how many are running.
sample() {
  local most=0 now
  while :; do
    now=$(ours "$run" '.status.phase | IN("Applying", "Verifying", "Reverting")')
    ((now > most)) && most=$now
    echo "$most" >"$work/most"
  done
}
sample 2>/dev/null &
sampler=$!
policy "$run" "$enforce" "limits: {maxConcurrent: $concurrent, maxPerHour: $perHour}" 'breaker: {failures: 100}'
if ! "$top/tests/crash/fake-pods" "$run" "$count" "$nobody" >"$work/error" 2>&1; then printf 'cannot set up: %s\n' "$(<"$work/error")" >&2; exit 2; fi

# While it works: it answers, it helps others, and never more run at a time than the policy says.
slowest=0
# A remediation of another namespace has a policy of its own and is not held up.
begin=$(date +%s%3N)
minerPod urgent "$other"
othersDone() { reaches "$other" urgent Contained; }
allFound() { found=$(ours "$run" true); echo "$found"; ((found == count)); }
comesTrue "another namespace's miner is isolated meanwhile" 90 othersDone
printf '        %s ms from its creation on\n' $(($(date +%s%3N) - begin))
allFoundSoon() {
  local deadline=$((SECONDS + 120))
  until allFound; do
    local at; at=$(date +%s%3N)
    kubectl exec -n "$namespace" "$holder" -- /usr/bin/firebreak healthz || return 1
    at=$(($(date +%s%3N) - at)); ((at > slowest)) && slowest=$at
    ((SECONDS < deadline)) || return 1
  done
}
if allFoundSoon >"$work/found" 2>&1; then report ok "each of the $count is found"; else report FAILED "each of the $count is found" "$(tail -3 "$work/found")"; fi
# The limit of the hour is one for the whole family: what was begun elsewhere before it was reached, the urgent one
# above perhaps, counts.
elsewhere=$(kubectl get remediations.firebreak.dev -o json | jq --arg run "$run" \
  '[.items[] | select(.spec.family == "Miner" and .status.startedAt != null and .spec.targetRef.namespace != $run)] | length')
capped() { started=$(ours "$run" '.status.startedAt != null'); echo "$started"; ((started >= perHour - elsewhere)); }
comesTrue "the limit of the hour is used up" 60 capped
sleep 10  # time enough to do too much
kill "$sampler"
most=$(<"$work/most")
begun=$(ours "$run" '.status.startedAt != null')
if ((begun <= perHour && begun >= perHour - elsewhere)); then report ok "the limit of $perHour holds: $begun begun here, $elsewhere elsewhere"
else report FAILED "the limit of $perHour holds" "$begun begun here, $elsewhere elsewhere"; fi
expect "exactly those pods are quarantined" $((count + 1 - begun)) "$(untouched "$run")"
expect "exactly those NetworkPolicies were made" "$begun" "$(kubectl get networkpolicies -n "$run" -o name | wc -l)"
expect "each of the others waits for the limit" $((count - begun)) "$(ours "$run" '.status.blocked.reason == "RateLimited"')"
expect "its neighbour keeps its labels" '{"app":"neighbour"}' "$(labelsOf "$run" neighbour)"
if ((most <= concurrent)); then report ok "never more than $concurrent at a time (seen: $most)"; else report FAILED "never more than $concurrent at a time" "$most"; fi
if ((slowest < 5000)); then report ok "healthz answers ($slowest ms at most, kubectl included)"; else report FAILED "healthz answers" "$slowest ms"; fi
# The breaker: see `breaker` above, which is out of the way here.

# Nothing to do means nothing to write: what waits for an hour is not looked at by writing.
writesBefore=$(writes)
sleep 15
writesAfter=$(writes)
if ((writesAfter - writesBefore <= 5)); then report ok "at rest it writes nothing ($((writesAfter - writesBefore)) in 15 s)"
else report FAILED "at rest it writes nothing" "$((writesAfter - writesBefore)) writes in 15 s"; fi

# An owner keeps its share.
policy "$owned" "$enforce" 'limits: {maxConcurrent: 600, maxPerHour: 10000, maxPercentOfOwner: 40}'
if ! "$top/tests/crash/fake-pods" "$owned" 10 "$nobody" web >"$work/error" 2>&1; then printf 'cannot set up: %s\n' "$(<"$work/error")" >&2; exit 2; fi
share() { out=$(ours "$owned" '.status.phase == "Contained"'); echo "$out"; ((out >= 4)); }
comesTrue "of an owner's 10 pods 4 are isolated (40 percent)" 60 share
sleep 5
expect "and not one more" 4 "$(ours "$owned" '.status.startedAt != null')"
expect "the others are blocked by it" 6 "$(ours "$owned" '.status.blocked.reason == "BlastRadius"')"

memoryAfter=$(memory "$holder")
if ((memoryAfter < memoryBefore + 64 && memoryAfter < 200)); then report ok "its memory stays flat: $memoryBefore MiB before, $memoryAfter MiB after"
else report FAILED "its memory stays flat" "$memoryBefore MiB before, $memoryAfter MiB after"; fi
expect "no operator was restarted" "$restartsBefore" "$(restarts)"
expect "the same one leads" "$holder" "$(leader)"

verdict
