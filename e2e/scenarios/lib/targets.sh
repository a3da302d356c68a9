# Sourced by the scenarios, after cases.sh: things that Firebreak acts on, all harmless, and questions about
# what it made of them. Needs the image e2e-standins on the nodes, and jq.
# shellcheck shell=bash

# policy NAME SPEC...: a SecurityPolicy for the namespaces labelled e2e-scenario=NAME, made or changed. A family that no
# line of SPEC names is switched off.
policy() {
  local name=$1 family spec; shift
  spec=$(printf '%s\n' "$@")
  {
    printf 'apiVersion: firebreak.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: %s}\nspec:\n' "$name"
    printf '  namespaceSelector: {matchLabels: {e2e-scenario: %s}}\n' "$name"
    for family in dashboards secrets miners; do
      if ! grep -q "^$family:" <<<"$spec"; then printf '  %s: {mode: Disabled}\n' "$family"; fi
    done
    printf '  %s\n' "$@"
  } | applied
}
applied() {  # manifests on stdin
  local answer
  if ! answer=$(kubectl apply -f - 2>&1); then printf 'cannot set up: %s\n' "$answer" >&2; exit 2; fi
}
covered() { makeNamespace "$1"; must label namespace "$1" "e2e-scenario=$2"; }  # NAMESPACE POLICY

# nobody NAMESPACE: a Service without pods, made where it is not there yet; its address is in $nobody.
nobody() {
  local address='jsonpath={.spec.clusterIP}'
  nobody=$(kubectl get service nobody -n "$1" -o "$address" 2>/dev/null)
  if [[ -n $nobody ]]; then return; fi
  must create service clusterip nobody --tcp=3333 -n "$1"
  nobody=$(kubectl get service nobody -n "$1" -o "$address")
}
# minerPod NAME NAMESPACE [MORE LABELS]: a stand-in that computes nothing; its pool is a Service without pods.
minerPod() {
  nobody "$2"
  applied <<E
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: $2, labels: {app: $1${3:-}}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  tolerations: [{key: firebreak.dev/protected, operator: Exists}, {key: CriticalAddonsOnly, operator: Exists}]
  containers:
  - name: main
    image: localhost/e2e-standins:dev
    imagePullPolicy: Never
    command: [miner-standin, -o, "stratum+tcp://$nobody:3333", -u, wallet-of-nobody, -p, x, --donate-level=1]
    resources: {requests: {cpu: 5m, memory: 8Mi}, limits: {cpu: 100m, memory: 32Mi}}
E
}
# standinPod NAME NAMESPACE COMMAND [NODE [IMAGE [RESOURCES]]]: a pod of one container; of the stand-ins where no other
# image is named.
standinPod() {
  applied <<E
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: $2, labels: {app: $1}}
spec:
  nodeName: "${4:-}"
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
  - {name: main, image: "${5:-localhost/e2e-standins:dev}", imagePullPolicy: Never, command: [$3], resources: ${6:-null}}
E
}
idlePod() { standinPod "$1" "$2" 'sleep, infinity'; }  # NAME NAMESPACE

# remediationOf NAMESPACE NAME: the name of the operator's own Remediation for that object.
remediationOf() {
  kubectl get remediations.firebreak.dev -o json | jq -r --arg ns "$1" --arg name "$2" \
    '[.items[] | select(.spec.targetRef.namespace == $ns and .spec.targetRef.name == $name) | .metadata.name
      | select(test("^(miner|open-dashboard|exposed-secret)-.*-[0-9a-f]{16}$"))][0] // ""'
}
statusOf() {  # NAMESPACE NAME JQ-FILTER: of its Remediation's status
  local name
  name=$(remediationOf "$1" "$2")
  [[ -n $name ]] && kubectl get remediation.firebreak.dev "$name" -o json | jq -r ".status | $3"
}
reaches() {  # NAMESPACE NAME PHASE
  local phase
  phase=$(statusOf "$1" "$2" .phase)
  echo "phase: $phase"
  [[ $phase == "$3" ]]
}
isQuarantined() { [[ -n $(kubectl get pod "$2" -n "$1" -o 'jsonpath={.metadata.labels.firebreak\.dev/quarantine}') ]]; }
labelsOf() { kubectl get pod "$2" -n "$1" -o 'jsonpath={.metadata.labels}'; }
# forget FILTER: removes the Remediations that this jq condition on their targetRef selects.
forget() {
  local name finalizers
  kubectl get remediations.firebreak.dev -o json |
    jq -r ".items[] | select(.spec.targetRef | $1) | \"\(.metadata.name) \(.metadata.finalizers // [] | length)\"" |
    while read -r name finalizers; do
      if ((finalizers > 0)); then
        kubectl "${operator[@]}" patch remediations.firebreak.dev "$name" --type=merge -p '{"metadata":{"finalizers":null}}' >&2
      fi
      echo "$name"
    done | xargs -r -n 100 kubectl delete remediations.firebreak.dev --wait=false --ignore-not-found
}
