#!/usr/bin/env bash
# TLS keys that cert-manager's own controller issues: an exposed one is issued anew for another key and its consumer
# restarted; while the controller is away it waits and says so; what keeps its key, and a CA, are for a person.
# Removes what it made. One line per case; exit 1 if one failed.
#
# Needs kubectl, jq and openssl in PATH, $KUBECONFIG of a cluster administrator, the chart with every capability and
# Go: the controller is built from its module and runs on this machine.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"
# shellcheck source-path=SCRIPTDIR source=lib/rotation-world.sh
source "$lib/rotation-world.sh"
scenario tls e2e-standins
programs=$("$top/e2e/cluster/ctl" programs cert-manager | tail -1)
[[ -x $programs/controller ]] || { echo 'cannot set up: no cert-manager' >&2; exit 2; }

controller=''
# shellcheck disable=SC2329  # called at the end
alsoRemove() {
  if [[ $controller ]]; then kill -9 "$controller"; fi
  kubectl delete -f "$programs/crds.yaml" --ignore-not-found --wait=false
}

# Of its controllers those that issue, and no leader election: there is one.
startController() {
  "$programs/controller" --kubeconfig "$KUBECONFIG" --leader-elect=false --namespace "$run" \
    --cluster-resource-namespace "$run" --metrics-listen-address 127.0.0.1:0 \
    --controllers '*,-ingress-shim,-gateway-shim,-challenges,-orders' >>"$work/controller.log" 2>&1 &
  controller=$!
}
stopController() { kill -9 "$controller"; wait "$controller" 2>/dev/null; controller=''; }

must apply --server-side -f "$programs/crds.yaml"
must wait crd/certificates.cert-manager.io crd/issuers.cert-manager.io --for=condition=Established --timeout=30s
covered "$run" "$run"
startController
certificate() {  # NAME ISSUER MORE FIELDS
  printf -- '---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: %s, namespace: %s}\nspec: {secretName: %s-tls, dnsNames: [%s.example], issuerRef: {name: %s}, %s}\n' \
    "$1" "$run" "$1" "$1" "$2" "$3"
}
always='privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}'
never='privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Never}'
applied <<Y
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: self, namespace: $run}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: ca, namespace: $run}
spec: {ca: {secretName: ca-tls}}
$(certificate ca self "isCA: true, commonName: ca, $always")
$(certificate web ca "$always")
$(certificate later ca "$always")
$(certificate kept ca "$never")
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: $run}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      volumes: [{name: tls, secret: {secretName: web-tls}}]
      containers:
      - {name: main, image: "localhost/e2e-standins:dev", imagePullPolicy: Never, command: [sleep, infinity], volumeMounts: [{name: tls, mountPath: /tls}]}
Y
must wait certificate/ca certificate/web certificate/later certificate/kept -n "$run" --for=condition=Ready --timeout=90s
must rollout status deploy/web -n "$run" --timeout=60s

publicKey() { valueOf "$run" "$1-tls" tls.crt | openssl x509 -noout -pubkey | sha256sum | cut -c1-16; }
serial() { valueOf "$run" "$1-tls" tls.crt | openssl x509 -noout -serial | cut -d= -f2; }
fits() {  # NAME: the Secret's key is the certificate's, and the CA signed it
  valueOf "$run" "$1-tls" tls.key | keep key
  valueOf "$run" "$1-tls" tls.crt | keep crt
  valueOf "$run" ca-tls tls.crt | keep ca
  [[ $(openssl pkey -in "$work/key" -pubout | sha256sum | cut -c1-16) == $(publicKey "$1") ]] && openssl verify -CAfile "$work/ca" "$work/crt" >/dev/null && echo yes
}
declare -A key
for name in ca web later kept; do key[$name]=$(publicKey "$name"); done
for name in web later; do valueOf "$run" "$name-tls" tls.key | keep "$name-old"; done
webSerial=$(serial web)
generation=$(kubectl get deploy web -n "$run" -o 'jsonpath={.metadata.generation}')

for name in ca web kept; do markExposed "$run" "$name-tls"; done
rotators=$(jq -nc --arg ns "$run" '[("ca", "web", "later", "kept") | {name: ., type: "TLS", namespace: $ns, secret: "\(.)-tls", keys: ["tls.crt", "tls.key"]}]')
policy "$run" "secrets: {mode: Enforce, keepPreviousSeconds: 5, rotators: $rotators}" \
  'limits: {maxConcurrent: 50, maxPerHour: 100}'

finished() { reaches "$run" "$1-tls" Contained; }
comesTrue 'an exposed key is rotated' 120 finished web
expect 'the certificate is for another public key' yes "$([[ $(publicKey web) != "${key[web]}" ]] && echo yes)"
expect 'it is whole: its key fits and the CA signed it' yes "$(fits web)"
expect 'its consumer was restarted, once' $((generation + 1)) "$(kubectl get deploy web -n "$run" -o 'jsonpath={.metadata.generation}')"
must rollout status deploy/web -n "$run" --timeout=60s
outcome=$(statusOf "$run" web-tls '[.message, (.steps[].message // "")] | join(" ")')
if [[ ${outcome^^} == *"SERIAL $webSerial"* && $outcome == *'stays valid until'* ]]; then report ok 'it says that the old one is valid until its expiry, with its serial number'
else report FAILED 'it says that the old one is valid until its expiry, with its serial number' "$webSerial: $outcome"; fi

needsPerson() { statusOf "$run" "$1-tls" '"\(.outcome) \(.message)"'; }
answer=$(needsPerson kept)
if [[ $answer == *NeedsExternalAction*'rotationPolicy'* ]]; then report ok 'one that keeps its key (rotationPolicy: Never) is for a person, and says why'
else report FAILED 'one that keeps its key (rotationPolicy: Never) is for a person, and says why' "$answer"; fi
answer=$(needsPerson ca)
if [[ $answer == *NeedsExternalAction*'CA'* ]]; then report ok 'a CA is for a person, and says why'
else report FAILED 'a CA is for a person, and says why' "$answer"; fi
expect 'neither was issued anew' "${key[ca]} ${key[kept]}" "$(publicKey ca) $(publicKey kept)"

# --- the controller goes away half-way ---------------------------------------------------------------
stopController
markExposed "$run" later-tls
waits() {
  local now; now=$(statusOf "$run" later-tls '[.steps[]? | select(.name == "renew") | "\(.state) \(.message)"][0]')
  echo "$now"; [[ $now == *'cert-manager has not issued'* ]]
}
comesTrue 'while the controller is away it waits, and says for what' 60 waits
expect 'and the key is the old one' "${key[later]}" "$(publicKey later)"
startController
comesTrue 'it goes on when the controller is back' 120 finished later
expect 'and the key is another' yes "$([[ $(publicKey later) != "${key[later]}" ]] && fits later)"

requests=$(kubectl get certificaterequests -n "$run" -o json | jq -r '[.items[].metadata.annotations["cert-manager.io/certificate-name"]] | group_by(.) | map("\(.[0]) \(length)") | join(", ")')
expect 'each was asked for once, and those that were rotated once more' 'ca 1, kept 1, later 2, web 2' "$requests"
for name in web later; do valueOf "$run" "$name-tls" tls.key | keep "$name-now"; done
# A key's lines, since a text may hold any of them.
for each in web-old web-now later-old later-now; do sed -n 2p "$work/$each" | tr -d '\n' | keep "$each-line"; done
if answer=$("$lib/leaks" "$work"/*-line); then report ok "no key is in what Firebreak says: $answer"
else report FAILED 'no key is in what Firebreak says' "$answer"; fi
verdict
