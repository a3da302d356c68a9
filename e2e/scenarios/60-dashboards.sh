#!/usr/bin/env bash
# Real consoles on a real node, each with authentication off and on, and traps beside them: what is open and lets
# somebody do something is found, locked, shut from everywhere, and comes back as it was; everything else is left
# alone. No request of the operator leaves the cluster. Removes what it made. One line per case; exit 1 if one failed.
#
# Needs kubectl, jq and python3 in PATH, $KUBECONFIG of a cluster administrator and the chart with the
# capabilities of consoles. All of them start at once; which ones there are: dashboards/consoles.py.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario consoles e2e-console e2e-consoles e2e-standins
ns=$run
kubectl=''
if [[ -r ${E2E_NETNS:-} ]]; then kubectl=$(dirname "$(readlink -f "$(command -v kubectl)")"); fi

# shellcheck disable=SC2329  # called at the end
alsoRemove() {
  kubectl delete clusterrolebinding "$ns" --ignore-not-found
  if [[ -r ${E2E_NETNS:-} ]]; then onNode nft delete table ip "e2e-$$"; fi
}

manifests() { python3 "$top/e2e/scenarios/dashboards/manifests.py" "$ns" "$1" ${kubectl:+"$kubectl"}; }
names() { manifests "$1" | cut -d' ' -f1; }
onNode() { nsenter --net="$E2E_NETNS" "$@"; }

covered "$ns" "$ns"
must create clusterrolebinding "$ns" --clusterrole=view --serviceaccount="$ns:looker"
manifests pods | applied
standinPod third "$ns" 'sleep, infinity' '' localhost/e2e-tools:dev
policy "$ns" 'dashboards: {mode: Enforce, actions: [RestrictIngress, Unpublish, DetachRoutes]}' \
  'limits: {maxConcurrent: 60, maxPerHour: 1000}' 'breaker: {failures: 100}'
started=$SECONDS
allReady() {
  kubectl get pods -n "$ns" -o json | jq -r '.items[] | select([.status.conditions[]? | select(.type == "Ready" and .status == "True")]
    | length == 0) | .metadata.name' >"$work/unready"
  paste -sd' ' "$work/unready"
  [[ ! -s $work/unready ]]
}
eventually 240 allReady
expect "$(kubectl get deployments -n "$ns" -o name | wc -l) consoles and traps are there ($((SECONDS - started)) s)" '' "$(paste -sd' ' "$work/unready")"

# What nothing may change but the lock, and what the lock may not change.
objects() {  # KIND: the objects as they are written, without what the API server counts
  kubectl get "$1" -n "$ns" -o json | jq -S '[.items[] | del(.metadata.resourceVersion, .metadata.managedFields,
    .metadata.generation, .metadata.creationTimestamp)] | map({key: .metadata.name, value: (if .kind == "Service" then . else del(.status) end)}) | from_entries'
}
podAddresses() { kubectl get pods -n "$ns" -o json | jq -r '.items[] | select(.metadata.labels.app) | .metadata.labels.app + " " + .status.podIP'; }
podAddresses | sort >"$work/pods"
objects deployments >"$work/deployments.before"
objects pods >"$work/pods.before"

# asked FILE: lines "NAME URL"; the third pod asks all of them at once: "NAME answered|silent BODY...".
asked() {
  # shellcheck disable=SC2016  # the pod's shell expands it
  kubectl exec -i -n "$ns" third -- sh -c 'while read -r name url; do
      (body=$(curl -s -m 6 "$url" | tr -d "\n\0" | head -c 20000) && code=$(curl -s -m 6 -o /dev/null -w "%{http_code}" "$url")
       if [ "${code:-000}" = 000 ]; then echo "$name silent"; else echo "$name answered $code $body"; fi) &
    done; wait' <"$1" 2>/dev/null | sort
}
# urls KIND HOW: for each console of the kind its pod's port, or the other port of its pod.
urls() {
  manifests "$1" | sort | join - "$work/pods" | while read -r name port path rest; do
    address=${rest##* }
    if [[ $2 == other ]]; then echo "$name http://$address:8099/"; else echo "$name http://$address:$port$path"; fi
  done
}
# open KIND ANSWERS: those whose answer holds what an open one says.
open() {
  manifests "$1" | while read -r name _ _ says; do
    grep -qF -- "$says" <(grep "^$name answered 200 " "$2") && echo "$name"
  done | sort
}
all() { manifests "$1" | cut -d' ' -f1 | sort; }

{ urls control console; urls data console; urls locked console; } >"$work/urls"
asked "$work/urls" >"$work/direct"
expect "before: $(all control | wc -l) consoles with authority stand open" "$(all control)" "$(open control "$work/direct")"
expect "before: $(all data | wc -l) consoles that show data stand open" "$(all data)" "$(open data "$work/direct")"
expect 'before: their locked twins do not' '' "$(open locked "$work/direct")"

# What the operator's pods send to anything but this cluster, before and after addresses are translated.
if [[ -r ${E2E_NETNS:-} ]]; then
  sources=$(kubectl get pods -n "$namespace" -l app.kubernetes.io/component=operator -o json | jq -r '[.items[].status.podIP] | join(", ")')
  pods=$(cut -d. -f1,2 <<<"${sources%%,*}").0.0/16
  services=$(kubectl get service kubernetes -o jsonpath='{.spec.clusterIP}' | cut -d. -f1,2).0.0/16
  onNode nft -f - <<N
table ip e2e-$$ {
  counter sent { }
  counter outside { }
  chain first { type filter hook prerouting priority raw; ip saddr { $sources } counter name sent;
    ip saddr { $sources } ip daddr != { $pods, $services, ${E2E_NODE_IP%.*}.0/24 } counter name outside; }
  chain last { type filter hook forward priority filter + 10;
    ip saddr { $sources } ip daddr != { $pods, $services, ${E2E_NODE_IP%.*}.0/24 } counter name outside drop; }
}
N
fi
counted() { onNode nft -j list counter ip "e2e-$$" "$1" | jq '[.nftables[].counter? | select(. != null).packets] | add'; }

# Services and, beside them, clients of what Traefik and RabbitMQ carry. From here the clock runs.
manifests services >"$work/services.json"
kubectl create -f "$work/services.json" -o json >"$work/created" || { echo 'cannot set up: services' >&2; exit 2; }
jq -sS '[.[] | (.items // [.])[] | select(.kind == "Service") | del(.metadata.resourceVersion, .metadata.managedFields, .metadata.generation,
  .metadata.creationTimestamp)] | map({key: .metadata.name, value: .}) | from_entries' "$work/created" >"$work/services.before"
created=$(date +%s%3N)
for kind in "http http://traefik-open:8000/app" "amqp rabbitmq-open"; do
  applied <<Y
apiVersion: v1
kind: Pod
metadata: {name: traffic-${kind%% *}, namespace: $ns}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
  - {name: main, image: "localhost/e2e-consoles:dev", imagePullPolicy: Never, command: [python3, /opt/standins/traffic.py, ${kind%% *}, "${kind#* }"]}
Y
done

# "NAME PHASE OUTCOME VERIFIED MILLISECONDS" of every Remediation of this namespace.
judged() {
  kubectl get remediations.firebreak.dev -o json | jq -r --arg ns "$ns" '.items[] | select(.spec.targetRef.namespace == $ns)
    | [.spec.targetRef.name, .spec.family, .status.phase // "-", .status.outcome // "-",
       ([.status.conditions[]? | select(.type == "Verified") | .status][0] // "-")] | join(" ")' | sort >"$work/judged"
}
contained() {
  judged
  comm -23 <(all control) <(awk '$2 == "OpenDashboard" && $3 == "Contained" && $4 == "Remediated" && $5 == "True" { print $1 }' "$work/judged" | sort) >"$work/missing"
  paste -sd' ' "$work/missing"
  [[ ! -s $work/missing ]]
}
eventually 180 contained
took=$(($(date +%s%3N) - created))
expect "each of them is found, locked and proven shut, the last after $((took / 1000)) s" '' \
  "$(while read -r name; do grep "^$name " "$work/judged" || echo "$name: nothing found"; done <"$work/missing")"
told() {
  kubectl get events.events.k8s.io -n "$ns" -o json | jq -r '.items[] | select(.reason == "FindingDetected" and (.note | contains("tier Alert"))) | .regarding.name' | sort -u
}
dataTold() { comm -23 <(all data) <(told) | paste -sd' ' | grep .; [[ ${PIPESTATUS[1]} -eq 0 && -z $(comm -23 <(all data) <(told)) ]]; }
comesTrue 'each that shows data is told in an Event' 60 dataTold
judged
wrongly() {
  comm -12 <(cut -d' ' -f1 "$work/judged" | sort -u) <({ all locked; all traps; all data; } | sort) | while read -r name; do
    echo "$name: $(statusOf "$ns" "$name" '[.findings[]? | "\(.rule): \(.message)"] | join("; ")')"
  done
}
expect 'no locked twin, no trap and nothing that leads out has a Remediation' '' "$(wrongly)"

# From a third pod: the pod's own port, and the cluster address; from this machine: the node port that it had.
nodePorts() { jq -r --arg node "$(kubectl get nodes -o json | jq -r '[.items[0].status.addresses[] | select(.type == "InternalIP")][0].address')" \
  'to_entries[] | .key as $name | .value.spec.ports[] | select(.nodePort) | [$name, .name, ($node + ":" + (.nodePort | tostring))] | join(" ")' "$work/services.before"; }
nodePorts | sort >"$work/nodePorts"
throughNode() {  # KIND PORT-NAME: lines for `asked`, through the node port that it was published by
  manifests "$1" | sort | while read -r name _ path _; do
    at=$(awk -v name="$name" -v port="$2" '$1 == name && $2 == port { print $3 }' "$work/nodePorts")
    [[ -n $at ]] && echo "$name http://$at$path"
  done
}
throughService() {
  manifests "$1" | while read -r name _ path _; do echo "$name http://$(jq -r --arg n "$name" '.[$n].spec.clusterIP' "$work/services.before")$path"; done
}
fromHere() {  # lines "NAME URL" on stdin: the names that anything answers for
  while read -r name url; do
    (code=$(curl -s -m 4 -o /dev/null -w '%{http_code}' "$url"); [[ $code != 000 ]] && echo "$name") &
  done | sort
}
urls control console >"$work/urls"; asked "$work/urls" >"$work/answers"
expect 'locked: no console answers a third pod on its own port' '' "$(grep -v ' silent$' "$work/answers" | cut -c1-120)"
throughService control >"$work/urls"; asked "$work/urls" >"$work/answers"
expect 'locked: nor through its Service' '' "$(grep -v ' silent$' "$work/answers" | cut -c1-120)"
throughNode control console >"$work/urls"; asked "$work/urls" >"$work/answers"
expect 'locked: nor through the node port that it had' '' "$(grep -v ' silent$' "$work/answers" | cut -c1-120)"
expect 'locked: nor does that answer this machine' '' "$(fromHere <"$work/urls")"
urls control other >"$work/urls"; asked "$work/urls" >"$work/answers"
expect 'locked: every other port of their pods still works' "$(all control)" "$(awk '/ answered 200 served/ { print $1 }' "$work/answers")"
allReady >/dev/null
expect 'locked: every pod is still Ready' '' "$(paste -sd' ' "$work/unready")"
{ throughNode data console; throughNode locked console; } >"$work/urls"; asked "$work/urls" >"$work/answers"
expect 'those that show data stay reachable through their node ports' "$(all data)" "$(open data "$work/answers")"
expect 'and so do the locked twins, which still ask' "$(all locked)" "$(comm -23 <(grep ' answered ' "$work/answers" | cut -d' ' -f1 | grep -F -- -locked | sort) <(open locked "$work/answers"))"
web=$(awk '$1 == "traefik-open" && $2 == "web" { print $3 }' "$work/nodePorts")
expect "Traefik's load still comes through its node port" served "$(curl -s -m 5 "http://$web/app")"
for kind in http amqp; do
  kubectl logs -n "$ns" "traffic-$kind" >"$work/traffic-$kind"
  read -r _ count _ errors < <(grep '^asked' "$work/traffic-$kind" | tail -1)
  if ((${count:-0} >= 20 && errors == 0)); then report ok "the $kind client had no error in $count requests while the console was locked"
  else report FAILED "the $kind client has no error" "$(tail -3 "$work/traffic-$kind")"; fi
done
objects deployments >"$work/deployments.after"; objects pods | jq 'with_entries(select(.key | startswith("traffic-") | not))' >"$work/pods.after"
expect 'no pod and no workload was written to' '' "$(diff "$work/deployments.before" "$work/deployments.after"; diff "$work/pods.before" "$work/pods.after")"

# And back.
kubectl get remediations.firebreak.dev -o json | jq -r --arg ns "$ns" '.items[] | select(.spec.targetRef.namespace == $ns) | .metadata.name' >"$work/remediations"
while read -r name; do "$firebreak" revert "$name" --reason 'end of the exercise' >>"$work/revert" 2>&1 || echo "refused: $name" >>"$work/revert"; done <"$work/remediations"
expect 'firebreak revert takes every one of them' '' "$(grep refused "$work/revert")"
reverted() { judged; awk '$3 != "Reverted"' "$work/judged"; [[ -z $(awk '$3 != "Reverted"' "$work/judged") ]]; }
comesTrue 'each is Reverted' 90 reverted
objects services >"$work/services.after"
expect 'reverted: every Service is the same again, byte for byte' '' "$(diff "$work/services.before" "$work/services.after")"
expect 'reverted: no NetworkPolicy is left' '' "$(kubectl get networkpolicies -n "$ns" -o name)"
openAgain() {
  throughNode control console >"$work/urls"; asked "$work/urls" >"$work/answers"
  comm -23 <(all control) <(open control "$work/answers") | paste -sd' '
  [[ -z $(comm -23 <(all control) <(open control "$work/answers")) ]]
}
comesTrue 'reverted: each answers through its old node port, and is left alone' 30 openAgain
reverted >/dev/null
expect 'reverted: a decision stands' '' "$(awk '$3 != "Reverted"' "$work/judged")"

if [[ -r ${E2E_NETNS:-} ]]; then
  expect "none of the operator's $(counted sent) packets leaves the cluster's addresses" 0 "$(counted outside)"
fi
verdict
