#!/usr/bin/env bash
# Quarantine of one pod among many: its traffic ends also where another policy admits everything, where a
# connection stood before and where nobody enforces NetworkPolicies; the pods beside it serve on; each way back works,
# also after the sensor and the kubelet were restarted; where the operator is gone, the node lets go in time and stays
# shut; what is kept is deleted when its time is over, where the policy says so. Removes what it made. One line per
# case; exit 1 if one failed.
#
# Needs kubectl and jq in PATH, $KUBECONFIG of a cluster administrator, $E2E_NETNS and $E2E_NODE_INIT of the node, and
# the chart with every capability and a sensor of level Responder.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario quarantine e2e-standins
short=$run-expiry soft=$run-soft

# shellcheck disable=SC2329  # called at the end
alsoRemove() {
  "$top/e2e/cluster/ctl" resume calico-felix
  kubectl scale deployment "$release-operator" -n "$namespace" --replicas="${replicas:-1}"
}
replicas=$(kubectl get deployment "$release-operator" -n "$namespace" -o 'jsonpath={.spec.replicas}')

covered "$run" "$run"
policy "$run" 'miners: {mode: Enforce, actions: [Isolate, CutConnections, Drop, CaptureEvidence]}' \
  'limits: {maxConcurrent: 20, maxPerHour: 200}'
# Everything is admitted by a policy that a tenant wrote; a pool that listens, a Service with three pods, and one that asks.
standinPod pool "$run" pool-standin
idlePod asker "$run"
applied <<Y
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: admit-everything, namespace: $run}
spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: $run}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: localhost/e2e-standins:dev
        imagePullPolicy: Never
        command: [token-app]
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: $run}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
Y
must rollout status deployment/web -n "$run" --timeout=90s
must wait pod pool asker -n "$run" --for=condition=Ready --timeout=60s
ip() { kubectl get pod "$2" -n "$1" -o 'jsonpath={.status.podIP}'; }
ask() { kubectl exec -n "$run" asker -- client "$@" 2>/dev/null; }  # SECONDS ADDRESS PORT [RATE COUNT]
pool=$(ip "$run" pool)
service=$(kubectl get service web -n "$run" -o 'jsonpath={.spec.clusterIP}')

onNode() { nsenter --net="$E2E_NETNS" "$@"; }
# What the pod sent, in packets, as its node's end of the cable counts them.
sent() { onNode ip -s -j link show dev "$(onNode ip -j route get "$1" | jq -r '.[0].dev')" | jq '.[0].stats64.rx.packets'; }
sentWithin() { local before; before=$(sent "$1"); sleep "$2"; echo $(($(sent "$1") - before)); }

# One of the three begins to mine: a program that somebody started in it.
victim=$(kubectl get pods -n "$run" -l app=web -o 'jsonpath={.items[0].metadata.name}')
victimIp=$(ip "$run" "$victim")
labelsBefore=$(labelsOf "$run" "$victim")
neighbours() { kubectl get pods -n "$run" -l app=web -o json | jq -r --arg v "$victim" '.items[] | select(.metadata.name != $v) | .metadata.name + "=" + .metadata.uid' | sort; }
neighboursBefore=$(neighbours)
ask 2 "$service" 80 50 900 >"$work/asked" 2>&1 &
asking=$!
sleep 3
kubectl exec -n "$run" "$victim" -- launch plain "$pool:3333" >"$work/mined" 2>&1 &
mining=$!
eventually 60 reaches "$run" "$victim" Contained
isolated() { [[ $(statusOf "$1" "$2" '[.conditions[] | select(.type == "IsolationEnforced")][0].status') == True ]]; }
comesTrue 'one pod of three is isolated, with a policy that admits everything beside it' 30 isolated "$run" "$victim"
expect 'a third pod does not reach it any more' 1 "$(ask 1 "$victimIp" 8080; echo $?)"
expect 'it does not reach the pool any more' 1 "$(kubectl exec -n "$run" "$victim" -- client 1 "$pool" 3333 2>/dev/null; echo $?)"
packets=$(sentWithin "$victimIp" 5)
# Who asks for a hardware address is let through: it never leaves the cable.
if ((packets <= 3)); then report ok "its connection from before is gone: $packets packets in 5 s"
else report FAILED 'its connection from before is gone' "$packets packets in 5 s"; fi
wait "$asking"
# Requests that were under way to the pod itself end with it.
failed=$(tail -1 "$work/asked" | sed -E 's/.* ([0-9]+) failed.*/\1/')
if [[ $failed =~ ^[0-9]+$ ]] && ((failed <= 5)); then report ok "the Service went on: $(tail -1 "$work/asked"), 50 requests a second"
else report FAILED 'the Service went on' "$(tail -3 "$work/asked")"; fi
still() { comm -23 <(echo "$neighboursBefore") <(neighbours); }
expect 'the pods beside it are the same as before' '' "$(still)"
expect 'the Service has three pods again' 3 "$(kubectl get deployment web -n "$run" -o 'jsonpath={.status.readyReplicas}')"
# The sensor keeps it on its node and tells its NodeGuard where, and its digest.
victimUid=$(kubectl get pod "$victim" -n "$run" -o 'jsonpath={.metadata.uid}')
evidence() {
  kubectl get nodeguards.firebreak.dev -o json | jq -r --arg uid "$victimUid" '.items[].status.isolations[]?
    | select(.podUID == $uid and .measure == "CaptureEvidence") | .state + " " + .message'
}
hasEvidence() { evidence; [[ $(evidence) == Verified*[0-9a-f][0-9a-f][0-9a-f][0-9a-f]* ]]; }
comesTrue 'evidence was taken, with a digest' 20 hasEvidence

# The sensor comes back and finds what it holds; the kubelet too.
sensorPods() { kubectl get pods -n "$sensorNamespace" -l app.kubernetes.io/component=sensor -o name; }
before=$(sensorPods)
# shellcheck disable=SC2086  # one or more names
must delete $before -n "$sensorNamespace" --wait=true
sensorReady() { [[ $(sensorPods) != "$before" ]] && kubectl rollout status daemonset/"$release-sensor" -n "$sensorNamespace" --timeout=1s; }
comesTrue 'the sensor comes back after its end' 60 sensorReady
expect 'what it held stays shut' 1 "$(ask 1 "$victimIp" 8080; echo $?)"
"$top/e2e/cluster/ctl" restart kubelet >/dev/null 2>&1 || report FAILED 'the kubelet can be restarted' ''
kubeletAnswers() { kubectl exec -n "$run" asker -- true; }
comesTrue 'the kubelet answers again' 60 kubeletAnswers
expect 'what was isolated stays so over it' 1 "$(ask 1 "$victimIp" 8080; echo $?)"

remediation=$(remediationOf "$run" "$victim")
kill "$mining" 2>/dev/null
kubectl exec -n "$run" "$victim" -- sh -c 'kill $(ps | grep -m1 [s]tratum | while read p rest; do echo $p; done)' >/dev/null 2>&1
if answer=$("$firebreak" revert "$remediation" 2>&1); then report ok 'firebreak revert is taken'; else report FAILED 'firebreak revert is taken' "$answer"; fi
comesTrue 'the pod is let go' 90 reaches "$run" "$victim" Reverted
sameLabels() { [[ $(labelsOf "$run" "$victim" | jq -S .) == "$(jq -S . <<<"$labelsBefore")" ]]; }
comesTrue 'its labels are those from before' 10 sameLabels
reachesAgain() { ask 1 "$victimIp" 8080; }
comesTrue 'it serves again' 20 reachesAgain
expect 'nothing of the quarantine is left' '' "$(kubectl get networkpolicies -n "$run" -o name | grep firebreak)"

# Nobody enforces NetworkPolicies: Felix hangs. What rests on the policy alone is not claimed, what rests on the
# node holds.
covered "$soft" "$soft"
policy "$soft" 'miners: {mode: Enforce, keepQuarantinedSeconds: 20, actions: [Isolate, CaptureEvidence, Terminate]}'
standinPod soft "$soft" token-app
standinPod hard "$run" token-app
must wait pod soft -n "$soft" --for=condition=Ready --timeout=60s
must wait pod hard -n "$run" --for=condition=Ready --timeout=60s
softIp=$(ip "$soft" soft) hardIp=$(ip "$run" hard)
"$top/e2e/cluster/ctl" pause calico-felix || report FAILED 'Felix can be stopped' ''
kubectl exec -n "$soft" soft -- launch plain "$pool:3333" >/dev/null 2>&1 &
kubectl exec -n "$run" hard -- launch plain "$pool:3333" >/dev/null 2>&1 &
comesTrue 'without enforcement the drop on the node isolates all the same' 60 isolated "$run" hard
expect 'a third pod does not reach it' 1 "$(ask 1 "$hardIp" 8080; echo $?)"
packets=$(sentWithin "$hardIp" 3)
if ((packets <= 3)); then report ok "and its connection from before is gone: $packets packets in 3 s"
else report FAILED 'and its connection from before is gone' "$packets packets in 3 s"; fi
leaks() { [[ $(statusOf "$soft" soft '[.conditions[]? | select(.type == "Verified")][0] | .status + " " + .reason') == 'False StillConnects' ]]; }
comesTrue 'what has the NetworkPolicy alone is called not verified' 30 leaks
expect 'rightly so: a third pod still reaches it' 0 "$(ask 1 "$softIp" 8080; echo $?)"
expect 'and nothing is claimed' '' "$(statusOf "$soft" soft '[.conditions[]? | select(.type == "IsolationEnforced" and .status == "True")][0].status // ""')"
"$top/e2e/cluster/ctl" resume calico-felix
# Verified at last or not within its 45 s: the policy lists Terminate, and keeps nobody for longer than 20 s.
gone() { ! kubectl get pod soft -n "$soft" -o name; }
comesTrue 'it is deleted, as the policy lists' 120 gone
expect 'and the Remediation says so' 'Contained NoLongerPresent' "$(eventually 20 reaches "$soft" soft Contained; statusOf "$soft" soft '.phase + " " + .outcome')"

# The operator is gone when the time is over: what was frozen thaws, what was dropped stays dropped.
covered "$short" "$short"
policy "$short" 'miners: {mode: Enforce, keepQuarantinedSeconds: 30, actions: [Isolate, Freeze, CutConnections, Drop]}'
minerPod frozen "$short"
comesTrue 'a pod is frozen' 60 isolated "$short" frozen
uid=$(kubectl get pod frozen -n "$short" -o 'jsonpath={.metadata.uid}')
freezer() {  # of cgroup v1 and v2, whichever the node has
  local each
  while read -r each; do
    nsenter -t "$E2E_NODE_INIT" -m sh -c "cat $each/freezer.state 2>/dev/null; grep -x 'frozen 1' $each/cgroup.events 2>/dev/null"
  done < <(nsenter -t "$E2E_NODE_INIT" -m find /sys/fs/cgroup -maxdepth 8 -type d -name "*pod$uid*" 2>/dev/null)
}
isFrozen() { [[ $(freezer) == *FROZEN* || $(freezer) == *'frozen 1'* ]]; }
comesTrue 'its cgroup says so' 10 isFrozen
must scale deployment "$release-operator" -n "$namespace" --replicas=0
thawed() { ! isFrozen; }
comesTrue 'with the operator gone, the node thaws it when the order expires' 90 thawed
expect 'and keeps it shut' 1 "$(kubectl exec -n "$short" frozen -- client 1 "$pool" 3333 2>/dev/null; echo $?)"
must scale deployment "$release-operator" -n "$namespace" --replicas="$replicas"
must rollout status deployment/"$release-operator" -n "$namespace" --timeout=90s
verdict
