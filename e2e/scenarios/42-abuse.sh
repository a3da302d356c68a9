#!/usr/bin/env bash
# What somebody gets who tries to use Firebreak: a namespace's administrator, somebody who may write
# Remediations while the admission policy is away, a tenant who claims protection, and a thief of the
# operator's own token.
#
# Needs kubectl and jq in PATH, $KUBECONFIG of a cluster administrator, the chart with its admission
# policies and every capability, and the image e2e-standins on the nodes. Takes the admission policy over
# Remediations away for a minute and puts it back. Removes what it made. One line per case; exit 1 if one
# failed.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario abuse e2e-standins
team=$run-team asked=$run-asked paused=$run-paused decoys=$run-decoys honest=$run-honest
claims=("kube-system-$$" "$namespace-$$")
mallory=(--as=e2e-mallory --as-group=system:authenticated)
binding=$release-remediations

# shellcheck disable=SC2329  # called at the end
alsoRemove() {
  if [[ -s $work/binding.json ]]; then kubectl apply -f "$work/binding.json"; fi
  kubectl delete clusterrolebinding,clusterrole "$run" --ignore-not-found --wait=false
  kubectl delete namespace "${claims[@]}" --ignore-not-found --wait=false
  forget ".namespace // \"\" | endswith(\"-$$\")"
}

if ! kubectl get validatingadmissionpolicybinding "$binding" >"$work/error" 2>&1; then
  printf 'the admission policies of the chart are not in reach: %s\n' "$(<"$work/error")" >&2
  exit 2
fi

enforce='miners: {mode: Enforce, actions: [Isolate]}'
covered "$team" "$run"
covered "$asked" "$asked"
covered "$paused" "$paused"
for each in "${claims[@]}"; do covered "$each" "$run"; done
policy "$run" "$enforce" 'limits: {maxConcurrent: 20, maxPerHour: 500}'
policy "$asked" 'miners: {mode: Approve, actions: [Isolate]}'
policy "$paused" "$enforce" 'pauseRequests: ["e2e: a change is under way"]'

# --- a namespace's administrator -----------------------------------------------------------------

must create rolebinding mallory --clusterrole=admin --user=e2e-mallory -n "$team"
idlePod innocent "$team"
must wait pod/innocent -n "$team" --for=condition=Ready --timeout=60s
innocent=$(kubectl get pod innocent -n "$team" -o 'jsonpath={.metadata.uid}')
cat >"$work/forged.yaml" <<E
apiVersion: firebreak.dev/v1alpha1
kind: Remediation
metadata: {name: $run}
spec: {family: Miner, targetRef: {apiVersion: v1, kind: Pod, namespace: $team, name: innocent, uid: $innocent}, fingerprint: f}
E
refused "a Remediation forged by a namespace's administrator" 'cannot create resource "remediations"' "${mallory[@]}" create -f "$work/forged.yaml"
refused "a namespace's administrator who turns a policy on" 'is forbidden: User "e2e-mallory"' \
  "${mallory[@]}" patch securitypolicies.firebreak.dev "$asked" --type=merge -p '{"spec":{"mode":"Enforce"}}'
must create clusterrole "$run" --verb=get,create,update,patch --resource=remediations.firebreak.dev,remediations.firebreak.dev/status
must create clusterrolebinding "$run" --clusterrole="$run" --user=e2e-mallory
eventually 10 kubectl "${mallory[@]}" auth can-i create remediations.firebreak.dev
refused "the same where RBAC lets her" "only the Firebreak operator creates Remediations" "${mallory[@]}" create -f "$work/forged.yaml"

minerPod miner "$asked"
comesTrue "a miner in mode Approve waits for a decision" 60 reaches "$asked" miner AwaitingApproval
waiting=$(remediationOf "$asked" miner)
hash=$(statusOf "$asked" miner .planHash)
approve() { printf '{"spec":{"decision":{"action":"Approve","planHash":"%s","by":"e2e-mallory"}}}' "$1"; }
refused "an approval without the verb" "needs the verb approve" "${mallory[@]}" patch remediations.firebreak.dev "$waiting" --type=merge -p "$(approve "$hash")"

# --- the admission policy over Remediations is away ----------------------------------------------

kubectl get validatingadmissionpolicybinding "$binding" -o json |
  jq 'del(.metadata.uid, .metadata.resourceVersion, .metadata.generation, .metadata.creationTimestamp, .metadata.managedFields)' >"$work/binding.json"
must delete validatingadmissionpolicybinding "$binding"
comesTrue "without the admission policy she can write one" 30 kubectl "${mallory[@]}" create -f "$work/forged.yaml"
before=$(labelsOf "$team" innocent)
# As if its isolation had been begun: a step intended, and one that is still to come.
step='"before":"{}","attempts":0,"time":"2026-01-01T00:00:00Z"'
must "${mallory[@]}" patch remediations.firebreak.dev "$run" --subresource=status --type=merge -p \
  "{\"status\":{\"episode\":1,\"phase\":\"Applying\",\"startedAt\":\"2026-01-01T00:00:00Z\",
    \"steps\":[{\"name\":\"deny-traffic\",\"state\":\"Intended\",$step},{\"name\":\"strip-labels\",\"state\":\"Pending\",$step}]}}"
untrusted() {  # REMEDIATION
  [[ $(kubectl get remediations.firebreak.dev "$1" -o json | jq -r '.status.conditions[] | select(.type == "Stalled") | .status + " " + .reason') == "True Untrusted" ]]
}
comesTrue "a forged Remediation is ignored, and a condition says so" 30 untrusted "$run"
minerPod bait "$team"
comesTrue "a miner is isolated meanwhile" 60 reaches "$team" bait Contained
expect "the pod of the forged one keeps its labels" "$before" "$(labelsOf "$team" innocent)"
expect "no NetworkPolicy was made for it" "" "$(kubectl get networkpolicies -n "$team" -o json | jq -r --arg n "$run" '.items[] | select(.metadata.annotations["firebreak.dev/remediation"] == $n) | .metadata.name')"
expect "no Event tells of it" "" "$(kubectl get events.events.k8s.io -n "$team" -o json | jq -r --arg n "$run" '.items[] | select(.related.name == $n) | .reason')"

# The undo of `bait` would put a label of hers on, and the plan that is shown says what it likes.
bait=$(remediationOf "$team" bait)
tampered=$(kubectl get remediations.firebreak.dev "$bait" -o json | jq -c '
  (.status.steps[] | select(.name == "strip-labels") | .before) |= gsub("\"before\":\"bait\""; "\"before\":\"payments\"")
  | .status.plan[0].undo = "[{\"op\":\"remove\",\"path\":\"/metadata\"}]" | {status: {steps: .status.steps, plan: .status.plan}}')
if [[ $tampered != *payments* ]]; then report FAILED "the before-image can be tampered with" "$tampered"; fi
must "${mallory[@]}" patch remediations.firebreak.dev "$bait" --subresource=status --type=merge -p "$tampered"
me=$(kubectl auth whoami -o 'jsonpath={.status.userInfo.username}')
must patch remediations.firebreak.dev "$bait" --type=merge -p "{\"spec\":{\"decision\":{\"action\":\"Revert\",\"by\":\"$me\"}}}"
comesTrue "a revert with a tampered before-image comes to its end" 60 reaches "$team" bait Reverted
expect "the tampered step is not undone, and says why" strip-labels "$(statusOf "$team" bait '.steps[] | select(.state == "Skipped" and (.message | contains("seal"))) | .name')"
expect "her label is not on the pod" "" "$(kubectl get pod bait -n "$team" -o 'jsonpath={.metadata.labels.app}')"
expect "what was not tampered with is undone" "" "$(kubectl get networkpolicies -n "$team" -o name)"

# A plan of her own with its hash, approved by her: nothing of it is done.
must "${mallory[@]}" patch remediations.firebreak.dev "$waiting" --subresource=status --type=merge -p \
  "{\"status\":{\"planHash\":\"0123456789abcdef\",\"plan\":[{\"name\":\"x\",\"action\":\"Terminate\",\"patchType\":\"Delete\",
    \"objectRef\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"namespace\":\"$team\",\"name\":\"innocent\"}}]}}"
must "${mallory[@]}" patch remediations.firebreak.dev "$waiting" --type=merge -p "$(approve 0123456789abcdef)"
plansAgain() { [[ $(statusOf "$asked" miner .planHash) == "$hash" ]]; }
comesTrue "the plan and its hash are derived anew" 30 plansAgain
expect "the approval of a made-up hash approves nothing" AwaitingApproval "$(statusOf "$asked" miner .phase)"
expect "the pod that the made-up plan names is there" "$innocent" "$(kubectl get pod innocent -n "$team" -o 'jsonpath={.metadata.uid}')"
expect "the target of the plan that nobody approved keeps its labels" '{"app":"miner"}' "$(labelsOf "$asked" miner)"
must apply -f "$work/binding.json"
refusedAgain() { ! kubectl "${mallory[@]}" patch remediations.firebreak.dev "$run" --type=merge --dry-run=server -p '{"metadata":{"labels":{"a":"b"}}}'; }
eventually 30 refusedAgain

# --- claims of protection ------------------------------------------------------------------------

for each in "${claims[@]}"; do
  must label namespace "$each" firebreak.dev/protected=true app.kubernetes.io/managed-by=firebreak
  minerPod protected "$each" ', firebreak.dev/protected: "true", app.kubernetes.io/managed-by: firebreak, tier: control-plane'
  comesTrue "namespace $each: neither prefix, label nor toleration protects" 60 isQuarantined "$each" protected
done

# --- a policy that goes while it is paused -------------------------------------------------------

minerPod miner "$paused"
comesTrue "under a paused policy a miner waits" 60 reaches "$paused" miner Blocked
expect "the reason is named" Paused "$(statusOf "$paused" miner .blocked.reason)"
must delete securitypolicies.firebreak.dev "$paused" --timeout=20s
goesOn() { [[ $(statusOf "$paused" miner .blocked.reason) != Paused ]]; }
comesTrue "when the policy goes, the wait gets another reason" 30 goesOn
expect "nothing was done" '{"app":"miner"}' "$(labelsOf "$paused" miner)"

# --- decoys that are to use up the budget --------------------------------------------------------

covered "$decoys" "$decoys"
covered "$honest" "$decoys"
# The hour's limit is one for the family: what the cases above began counts.
begun=$(kubectl get remediations.firebreak.dev -o json | jq '[.items[] | select(.spec.family == "Miner" and .status.startedAt != null)] | length')
perHour=$((5 * begun + 5)) share=$((4 * begun + 4))
policy "$decoys" "$enforce" "limits: {maxConcurrent: 50, maxPerHour: $perHour}"
nobody "$decoys"
if ! "$top/tests/crash/fake-pods" "$decoys" $((share + 3)) "$nobody" >"$work/error" 2>&1; then
  printf 'cannot set up: %s\n' "$(<"$work/error")" >&2; exit 2
fi
decoyed() { kubectl get remediations.firebreak.dev -o json | jq "[.items[] | select(.spec.targetRef.namespace == \"$decoys\") | select($1)] | length"; }
usedUp() { [[ "$(decoyed '.status.startedAt != null') $(decoyed '.status.blocked.reason == "RateLimited"')" == "$share 3" ]]; }
comesTrue "of $((share + 3)) decoys in one namespace only $share are acted on, of $perHour an hour" 90 usedUp
minerPod miner "$honest"
comesTrue "a miner in another namespace is isolated all the same" 60 reaches "$honest" miner Contained
expect "the other decoys still wait" 3 "$(decoyed '.status.blocked.reason == "RateLimited"')"

# --- the operator's own token, by hand -----------------------------------------------------------

cluster=$(kubectl config view --minify --raw -o json | jq -c '.clusters[0].cluster')
token=$(kubectl create token "$release-operator" -n "$namespace" --duration=10m)
(
  umask 077
  jq -n --argjson cluster "$cluster" --arg token "$token" '{apiVersion: "v1", kind: "Config", "current-context": "c", clusters: [{name: "c", cluster: $cluster}],
    users: [{name: "u", user: {token: $token}}], contexts: [{name: "c", context: {cluster: "c", user: "u"}}]}' >"$work/thief"
)
thief=(--kubeconfig "$work/thief")
must create service clusterip inner --tcp=80 -n "$team"
must create service nodeport outer --tcp=80 -n "$team"
must create secret generic theirs -n "$team" --from-literal=k=v
applied <<E
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: theirs, namespace: $team}
spec: {podSelector: {}}
E
expect "the token is the operator's" "$operatorUser" "$(kubectl "${thief[@]}" auth whoami -o 'jsonpath={.status.userInfo.username}')"
only="publishes a Service only as it was before Firebreak unpublished it"
refused "publishing a Service with it" "$only" "${thief[@]}" patch service inner -n "$team" --type=merge -p '{"spec":{"type":"NodePort"}}'
refused "a made-up mark with it" "says how the Service is published" "${thief[@]}" patch service inner -n "$team" --type=merge -p '{"metadata":{"annotations":{"firebreak.dev/published-as":"NodePort  80/TCP:80"}}}'
refused "a mark and a publication at once" "seatbelt" "${thief[@]}" patch service inner -n "$team" --type=merge -p '{"metadata":{"annotations":{"firebreak.dev/published-as":"NodePort  80/TCP:80"}},"spec":{"type":"NodePort"}}'
must "${thief[@]}" patch service outer -n "$team" --type=merge -p '{"metadata":{"annotations":{"firebreak.dev/published-as":"NodePort  80/TCP:80"}},"spec":{"type":"ClusterIP","ports":[{"port":80,"nodePort":null}]}}'
refused "publishing otherwise what was unpublished" "$only" "${thief[@]}" patch service outer -n "$team" --type=merge -p '{"spec":{"type":"LoadBalancer"}}'
allowed "publishing as it was what was unpublished" "${thief[@]}" patch service outer -n "$team" --type=merge -p '{"metadata":{"annotations":{"firebreak.dev/published-as":null}},"spec":{"type":"NodePort"}}'
refused "another selector with it" "never changes the selector" "${thief[@]}" patch service outer -n "$team" --type=merge -p '{"spec":{"selector":{"app":"mine"}}}'
refused "a pod with it" "pods" "${thief[@]}" run mine -n "$team" --image=localhost/e2e-standins:dev
refused "another image with it" "never changes the spec of a pod" "${thief[@]}" patch pod innocent -n "$team" --type=json -p '[{"op":"replace","path":"/spec/containers/0/image","value":"localhost/e2e-tools:dev"}]'
refused "deleting somebody's NetworkPolicy with it" "only NetworkPolicies labelled" "${thief[@]}" delete networkpolicy theirs -n "$team"
refused "deleting somebody's Secret with it" "deletes only Secrets that it made" "${thief[@]}" delete secret theirs -n "$team"
refused "a write in kube-system with it" "is protected" "${thief[@]}" label pod -n kube-system -l k8s-app a=b
refused "a decision with it" "does not decide" "${thief[@]}" patch remediations.firebreak.dev "$waiting" --type=merge \
  -p "{\"spec\":{\"decision\":{\"action\":\"Approve\",\"planHash\":\"$hash\",\"by\":\"$operatorUser\"}}}"
refused "another mode of a policy with it" "securitypolicies" "${thief[@]}" patch securitypolicies.firebreak.dev "$asked" --type=merge -p '{"spec":{"mode":"Enforce"}}'
refused "a binding to cluster-admin with it" "clusterrolebindings" "${thief[@]}" create clusterrolebinding "$run-x" --clusterrole=cluster-admin --user=e2e-mallory
refused "a token of another ServiceAccount with it" "serviceaccounts" "${thief[@]}" create token default -n "$team"
refused "a command in a pod with it" "pods/exec" "${thief[@]}" exec innocent -n "$team" -- true
refused "a sensor's report with it" "nodeguards" "${thief[@]}" patch nodeguards.firebreak.dev "$(kubectl get nodes -o 'jsonpath={.items[0].metadata.name}')" --subresource=status --type=merge -p '{"status":{"level":"Basic"}}'

verdict
