#!/usr/bin/env bash
# A fix that the cluster undoes: by a person, by Argo CD, by what scales a workload. It is noticed by the watch and
# applied again at once, then more and more slowly, then called Contended with the change to make in Git; there is
# no hot loop, and whoever comes round is not kept waiting.
#
# Needs kubectl and jq in PATH, $KUBECONFIG of a cluster administrator, the chart with every capability and
# the images e2e-standins and e2e-tools. Argo CD is played by a loop with its field manager. Removes what it
# made. One line per case; exit 1 if one failed.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario drift e2e-standins
stopped=$run-stopped

# shellcheck disable=SC2329  # called at the end
alsoRemove() { if [[ ${argo:-} ]]; then kill "$argo"; fi; }

covered "$run" "$run"
applied <<E
apiVersion: apps/v1
kind: Deployment
metadata: {name: console, namespace: $run}
spec:
  selector: {matchLabels: {app: console}}
  template:
    metadata: {labels: {app: console, app.kubernetes.io/name: mongo-express}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: localhost/e2e-tools:dev
        imagePullPolicy: Never
        command: [sh, -c, "mkdir -p /tmp/w; echo '<title>Home - Mongo Express</title>' >/tmp/w/index.html; exec httpd -f -p 8081 -h /tmp/w"]
        ports: [{containerPort: 8081}]
        readinessProbe: {tcpSocket: {port: 8081}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: console, namespace: $run}
spec: {type: NodePort, selector: {app: console}, ports: [{name: http, port: 80, targetPort: 8081}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: $run}
spec: {rules: [{host: console.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: console, port: {number: 80}}}}]}}]}
E
must rollout status deployment/console -n "$run" --timeout=60s
policy "$run" 'contendAfter: 3' 'dashboards: {mode: Enforce, probe: {intervalSeconds: 3600, timeoutSeconds: 1}}'

serviceIs() { [[ $(kubectl get service console -n "$run" -o 'jsonpath={.spec.type}') == "$1" ]]; }
backend() { kubectl get ingress front -n "$run" -o 'jsonpath={.spec.rules[0].http.paths[0].backend.service.name}'; }
detached() { [[ $(backend) == firebreak-locked ]]; }
undone() { statusOf "$run" console ".steps[] | select(.name == \"$1\") | .undone // 0"; }
told() { kubectl get events.events.k8s.io -n "$run" -o json | jq -r --arg reason "$1" '[.items[] | select(.reason == $reason)] | length'; }
# How long it took is said, since "at once" is what is promised.
within() {  # NAME SECONDS COMMAND...
  local begin; begin=$(date +%s%3N)
  comesTrue "$@"
  printf '        %s ms\n' $(($(date +%s%3N) - begin))
}

comesTrue "an open console is locked" 60 reaches "$run" console Contained
expect "its Service is off its public path, its route detached" "ClusterIP firebreak-locked" "$(kubectl get service console -n "$run" -o 'jsonpath={.spec.type}') $(backend)"

# --- a person ------------------------------------------------------------------------------------

sleep 2  # past the first delay
# As kubectl or Git does it: the node port is the API server's to choose, and another one than before.
must patch service console -n "$run" --type=merge -p '{"spec":{"type":"NodePort"}}'
within "a Service that a person publishes again is off it again" 5 serviceIs ClusterIP
must patch ingress front -n "$run" --type=json -p '[{"op":"replace","path":"/spec/rules/0/http/paths/0/backend/service/name","value":"console"}]'
within "a route that a person puts back is detached again" 5 detached
comesTrue "and it is Contained again" 20 reaches "$run" console Contained
expect "both were told" 2 "$(told DriftDetected)"

# --- Argo CD -------------------------------------------------------------------------------------

must annotate service console -n "$run" argocd.argoproj.io/tracking-id=shop:/Service:shop/console --field-manager=argocd-controller
argoFights() {
  while :; do
    if serviceIs ClusterIP; then
      kubectl patch service console -n "$run" --type=merge -p '{"spec":{"type":"NodePort"}}' --field-manager=argocd-controller
    fi
    sleep 0.3
  done
}
argoFights >/dev/null 2>&1 &
argo=$!
contended() { [[ $(statusOf "$run" console .blocked.reason) == Contended ]]; }
comesTrue "after contendAfter times it is Contended" 60 contended
message=$(statusOf "$run" console .blocked.message)
for words in "argocd-controller" "Argo CD shop:/Service:shop/console" "Change it in Git: in Service $run/console" 'set spec.type to "ClusterIP"'; do
  expect "it names: $words" yes "$([[ $message == *"$words"* ]] && echo yes || echo "$message")"
done
expect "it was undone three times and not a fourth time written" 3 "$(undone unpublish)"
expect "Ready, Stalled and outcome say so" "False True Ineffective" "$(statusOf "$run" console '[(.conditions[] | select(.type == "Ready") | .status), (.conditions[] | select(.type == "Stalled") | .status), .outcome] | join(" ")')"
versions() {
  kubectl get service console -n "$run" -o 'jsonpath={.metadata.resourceVersion} '
  kubectl get remediations.firebreak.dev "$(remediationOf "$run" console)" -o 'jsonpath={.metadata.resourceVersion}'
}
isTold() { [[ $(told Contended) == 1 ]]; }
comesTrue "it is told" 15 isTold
sleep 1
before=$(versions)
sleep 10
expect "no hot loop: in 10 s neither the Service nor the Remediation is written" "$before" "$(versions)"
expect "the rungs that Git does not undo still hold" "firebreak-locked 1" "$(backend) $(kubectl get networkpolicies -n "$run" -l app.kubernetes.io/managed-by=firebreak -o name | wc -l)"

# Changed in Git at last.
kill "$argo"
argo=
must patch service console -n "$run" --type=merge -p '{"spec":{"type":"ClusterIP"}}' --field-manager=argocd-controller
within "what is changed in Git ends it at once, not in an hour" 10 reaches "$run" console Contained
must wait remediations.firebreak.dev "$(remediationOf "$run" console)" --for=condition=Verified --timeout=10s

# --- what scales ---------------------------------------------------------------------------------

covered "$stopped" "$stopped"
nobody "$stopped"
policy "$stopped" 'miners: {mode: Enforce, actions: [Isolate, StopOwner]}' 'limits: {maxConcurrent: 20, maxPerHour: 500}'
applied <<E
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: $stopped}
spec:
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: localhost/e2e-standins:dev
        imagePullPolicy: Never
        command: [miner-standin, -o, "stratum+tcp://$nobody:3333", -u, wallet-of-nobody, -p, x, --donate-level=1]
        resources: {requests: {cpu: 5m, memory: 8Mi}, limits: {cpu: 100m, memory: 32Mi}}
E
replicas() { kubectl get deployment worker -n "$stopped" -o 'jsonpath={.spec.replicas}'; }
isStopped() { [[ $(replicas) == 0 ]]; }
comesTrue "an owner whose template is the miner is scaled to nothing" 60 isStopped
sleep 2
must scale deployment worker -n "$stopped" --replicas=1
within "what scales it up again is undone, although no Deployment is watched" 15 isStopped
nobodyRuns() { [[ -z $(kubectl get pods -n "$stopped" -l app=worker -o name) ]]; }
comesTrue "no replica runs" 20 nobodyRuns

verdict
