#!/usr/bin/env bash
# BlockImage: offered only where the miner came with its image and nobody else uses that; done only once a person
# approved it, also in mode Enforce; then no new pod gets the image, everybody else and what runs already goes on; a
# revert takes it out again. Removes what it made. One line per case; exit 1 if one failed.
#
# Needs kubectl, jq and ctr in PATH, $KUBECONFIG of a cluster administrator, $E2E_CONTAINERD, and the chart with every
# capability and a sensor of level Responder.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

scenario block e2e-standins
image=localhost/e2e-standins:$run

# shellcheck disable=SC2329  # called at the end
alsoRemove() { ctr --address "$E2E_CONTAINERD" --namespace k8s.io images remove "$image"; }

# An image of its own, by its name.
if ! answer=$(ctr --address "$E2E_CONTAINERD" --namespace k8s.io images tag localhost/e2e-standins:dev "$image" 2>&1); then
  printf 'cannot set up: %s\n' "$answer" >&2
  exit 2
fi
covered "$run" "$run"
policy "$run" 'miners: {mode: Enforce, actions: [Isolate, Drop, BlockImage]}' 'limits: {maxConcurrent: 20, maxPerHour: 200}'
sleeper() { standinPod "$1" "$run" 'sleep, infinity' node-1 "${2:-}"; }  # NAME [IMAGE]: where the image is
nobody "$run"
sleeper alone "$image"
sleeper shared
sleeper beside
must wait pod/alone pod/shared pod/beside -n "$run" --for=condition=Ready --timeout=60s
# Nothing in the pods' own words: it is the node that sees the miner, and where its program came from.
for name in alone shared; do
  kubectl exec -n "$run" "$name" -- miner-standin -o "stratum+tcp://$nobody:3333" -u wallet-of-nobody -p x >/dev/null 2>&1 &
done
comesTrue 'a miner that came with its image is contained' 60 reaches "$run" alone Contained
comesTrue 'and one whose image others use' 60 reaches "$run" shared Contained
step() { statusOf "$run" "$1" '[.steps[]? | select(.name == "block-image")][0].state // ""'; }
expect 'its image is not offered to be blocked' '' "$(step shared)"
expect 'that of the first is, and waits' Pending "$(step alone)"
newPod() { kubectl run new -n "$run" --image "$1" --restart=Never --dry-run=server; }
allowed 'a new pod with the image before' run new -n "$run" --image "$image" --restart=Never --dry-run=server

if answer=$("$firebreak" approve "$(remediationOf "$run" alone)" 2>&1); then report ok 'firebreak approve is taken'; else report FAILED 'firebreak approve is taken' "$answer"; fi
isDone() { [[ $(step alone) == Verified ]]; }
blocked() { ! newPod "$image" && [[ $(newPod "$image" 2>&1) == *'Firebreak blocks the image'* ]]; }
comesTrue 'once approved, no new pod gets the image' 30 blocked
expect 'the step is done' Verified "$(eventually 10 isDone; step alone)"
allowed 'another image' run new -n "$run" --image localhost/e2e-standins:dev --restart=Never --dry-run=server
allowed 'a label on the pod that runs with it' label pod alone -n "$run" e2e=1 --dry-run=server
refused 'the image in a pod that had another' 'Firebreak blocks the image' set image pod/beside "main=$image" -n "$run" --dry-run=server
images=$(kubectl get configmap firebreak-blocked-images -n "$namespace" -o json | jq -r --arg name "$(remediationOf "$run" alone)" '.data[$name]')
if [[ $images == "$image"* ]]; then report ok 'the list names the image by its Remediation'; else report FAILED 'the list names the image by its Remediation' "$images"; fi

if answer=$("$firebreak" revert "$(remediationOf "$run" alone)" 2>&1); then report ok 'firebreak revert is taken'; else report FAILED 'firebreak revert is taken' "$answer"; fi
free() { newPod "$image"; }
comesTrue 'a revert lets it in again' 60 free
verdict
