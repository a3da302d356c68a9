#!/usr/bin/env bash
# The commands of people, against a real API server: scan --cluster, pause, status, report. Nothing that
# they are told is taken on trust: what they wrote is read back with kubectl.
#
# Needs kubectl in PATH, $KUBECONFIG of a cluster administrator, the chart installed, and the release
# binary (or $FIREBREAK). One line per case; exit 1 if one failed.
set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$top/e2e/scenarios/lib/cases.sh"
firebreak=${FIREBREAK:-$top/build/release/firebreak}
ns=commands-e2e

cleanUp() {
  rm -rf "$work"
  kubectl delete securitypolicy.firebreak.dev commands-e2e --ignore-not-found >/dev/null 2>&1
  kubectl delete configmap firebreak-brake -n "$namespace" --ignore-not-found >/dev/null 2>&1
  kubectl delete namespace "$ns" --ignore-not-found --timeout=60s >/dev/null 2>&1
}
trap cleanUp EXIT
trap 'exit 130' INT TERM
cleanUp; mkdir -p "$work"
makeNamespace "$ns"

# --- scan --cluster --------------------------------------------------------------------------------

# A scheduler that nobody runs: the pods stay Pending, nothing is started.
must apply -n "$ns" -f - <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  replicas: 2
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      schedulerName: nobody
      containers:
      - {name: c, image: "registry.invalid/worker:1", command: [/opt/worker, -o, "stratum+tcp://10.0.0.1:3333", -u, wallet]}
Y
eventually 20 sh -c "[ \$(kubectl get pods -n $ns -o name | wc -l) = 2 ]" || report FAILED 'two pods are there' "$last"
"$firebreak" scan --cluster -o json >"$work/scan.json" 2>"$work/scan.err"
expect 'scan --cluster ends with 0' 0 $?
expect 'scan --cluster finds the Deployment, once, and not the pods that it made' 'Deployment/worker' \
  "$(python3 -c 'import json,sys; print(" ".join(sorted(f["resource"]["kind"]+"/"+f["resource"]["name"] for f in json.load(open(sys.argv[1]))["findings"] if f["resource"]["namespace"]==sys.argv[2])))' "$work/scan.json" "$ns")"
"$firebreak" scan --cluster --fail-on Critical >/dev/null 2>&1
expect 'scan --cluster --fail-on ends with 1' 1 $?
"$firebreak" scan --cluster "$top" >/dev/null 2>"$work/both"
expect 'scan: a PATH and --cluster together are bad usage' 2 $?
"$firebreak" scan >/dev/null 2>"$work/none"
expect 'scan: neither is bad usage' 2 $?

# A person without rights: each kind that may not be listed is named.
must create serviceaccount looker -n "$ns"
token=$(kubectl create token looker -n "$ns")
kubectl config view --raw --minify -o json |
  TOKEN=$token python3 -c 'import json,os,sys; c=json.load(sys.stdin); c["users"][0]["user"]={"token":os.environ["TOKEN"]}; print(json.dumps(c))' >"$work/looker.json"
"$firebreak" scan --cluster --kubeconfig "$work/looker.json" >"$work/out" 2>"$work/refused"
expect 'scan --cluster without rights ends with 2' 2 $?
expect 'and names every kind that it may not list' 12 "$(grep -c 'list .*forbidden' "$work/refused")"

# --- pause -----------------------------------------------------------------------------------------

must apply -f - <<'Y'
apiVersion: firebreak.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: commands-e2e}
spec: {mode: Audit, priority: 7, pauseRequests: ["somebody: else"]}
Y
"$firebreak" pause --policy commands-e2e --reason 'change freeze' >"$work/pause" 2>&1
expect 'pause --policy ends with 0' 0 $?
expect 'and adds an entry with the name that the API server knows' "somebody: else|$(kubectl auth whoami -o jsonpath='{.status.userInfo.username}'): change freeze" \
  "$(kubectl get securitypolicy.firebreak.dev commands-e2e -o jsonpath='{.spec.pauseRequests[0]}|{.spec.pauseRequests[1]}')"
comesTrue 'the policy says Paused' 15 sh -c "kubectl get securitypolicy.firebreak.dev commands-e2e -o jsonpath='{.status.conditions[?(@.type==\"Paused\")].status}' | grep -q True"
"$firebreak" pause --policy commands-e2e --resume >"$work/pause" 2>&1
expect 'pause --resume takes back no entry but its own' 'somebody: else' \
  "$(kubectl get securitypolicy.firebreak.dev commands-e2e -o jsonpath='{.spec.pauseRequests[*]}')"
"$firebreak" pause --policy nobody-has-this >/dev/null 2>&1
expect 'pause of a policy that is not there ends with 1' 1 $?
"$firebreak" pause --reason 'an outage' --namespace "$namespace" >/dev/null 2>&1
expect 'pause pulls the brake' 'an outage' "$(kubectl get configmap firebreak-brake -n "$namespace" -o jsonpath='{.data.reason}')"
"$firebreak" pause --namespace "$namespace" >"$work/again" 2>&1
expect 'pulled twice it says who did' 0 "$(grep -q 'already.*an outage' "$work/again"; echo $?)"
"$firebreak" pause --resume --namespace "$namespace" >/dev/null 2>&1
expect 'pause --resume lets go of it' '' "$(kubectl get configmap firebreak-brake -n "$namespace" --ignore-not-found -o name)"

# --- status, report --------------------------------------------------------------------------------

expect 'status lists the policy' 0 "$("$firebreak" status | grep -q commands-e2e; echo $?)"
"$firebreak" report >"$work/report.html" 2>"$work/report.err"
expect 'report writes a page and nothing else' "0 0" "$? $(stat -c %s "$work/report.err")"
expect 'which counts the Remediations that are there' 0 \
  "$(grep -q "$(kubectl get remediations.firebreak.dev -o name | wc -l) remediations at" "$work/report.html"; echo $?)"
verdict
