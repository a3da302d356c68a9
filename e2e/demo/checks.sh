# Sourced after lib.sh and breach.sh: what has to hold afterwards, each asked from outside. A check that
# does not hold ends the demo (or the scenario) with its name.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by breach.sh

passed() { printf '   ok  %s\n' "$*"; }

# What the healthy neighbour looks like now: name and resourceVersion of everything that belongs to it.
versions_of_neighbour() {
  kubectl -n shop get deployments,replicasets,pods,services,endpointslices -o json |
    jq -r '.items[] | select(.metadata.name | startswith("catalog")) |
      "\(.kind)/\(.metadata.name)=\(.metadata.resourceVersion)"' | sort | paste -sd' '
}

# The addresses of the pods of an application that are not being deleted.
pod_ips() {  # namespace, value of label app
  kubectl -n "$1" get pods -l "app=$2" -o json |
    jq -r '.items[] | select(.metadata.deletionTimestamp == null) | .status.podIP // empty'
}

check_console_locked() {  # URL that it answered on, IP of its pod
  console_answers "$1" && fail "the console still answers on $1"
  local pod_ip
  for pod_ip in $(pod_ips ops console); do
    # A control: that no answer comes has to be the console's doing, not the prober's.
    answers http://catalog.shop.svc/ || fail "the third pod reaches nothing at all; the check says nothing"
    answers "http://$pod_ip:8080/clusters" && fail "the console still answers a third pod on $pod_ip:8080"
  done
  kubectl -n ops rollout status deploy/console --timeout=60s >/dev/null ||
    fail "the console's own pod is no longer ready: it should be locked, not broken"
  passed "the console answers neither on its node port nor to a third pod, and runs on"
}

check_credential_rotated() {
  local pod_ip status new count=0
  new=$(kubectl -n ops get secret storefront-token -o jsonpath='{.data.token}' | base64 -d)
  [ -n "$new" ] || fail "Secret ops/storefront-token holds no token any more"
  [ "$new" != "$old_token" ] || fail "Secret ops/storefront-token still holds the stolen value"
  kubectl -n ops rollout status deploy/storefront --timeout=90s >/dev/null ||
    fail "the application does not become ready with its new credential"
  for pod_ip in $(pod_ips ops storefront); do
    status=$(status_with_token "http://$pod_ip:8080/" "$old_token")
    [ "$status" = 401 ] || fail "consumer $pod_ip answers the stolen credential with $status"
    status=$(status_with_token "http://$pod_ip:8080/" "$new")
    [ "$status" = 200 ] || fail "consumer $pod_ip answers the new credential with $status"
    count=$((count + 1))
  done
  [ "$count" -ge 2 ] || fail "only $count of 2 consumers of the credential run"
  passed "all $count consumers refuse the stolen credential (401) and take the new one (200)"
}

check_values_told_nowhere() {
  local told
  printf %s "$old_token" >"$intruder_work/stolen-credential"
  kubectl -n ops get secret storefront-token -o jsonpath='{.data.token}' | base64 -d >"$intruder_work/new-credential"
  sed -n 's/^users: .*token: "\([^"]*\)".*/\1/p' "$intruder_work/kubeconfig" >"$intruder_work/stolen-token"
  told=$("$root/e2e/scenarios/lib/leaks" "$intruder_work"/{stolen-credential,new-credential,stolen-token}) ||
    fail "Firebreak says a value: $told"
  passed "none of them is in what Firebreak says: $told"
}

check_pod_isolated() {
  local label
  label=$(kubectl -n shop get pod "$miner_pod" -o jsonpath='{.metadata.labels.firebreak\.dev/quarantine}')
  [ -n "$label" ] || fail "pod shop/$miner_pod does not carry the label firebreak.dev/quarantine"
  # A control: looking from inside works, so that "no connection" means something.
  kubectl -n shop exec "$miner_pod" -- true || fail "no look into the isolated pod is possible"
  answers "http://$miner_ip:8080/" && fail "the isolated pod still serves a third pod"
  kubectl -n shop exec "$miner_pod" -- client 2 "$pool_ip" 3333 >/dev/null 2>&1 &&
    fail "the isolated pod still reaches the pool"
  # NetworkPolicies leave established connections alone; the sensor on the node cuts them.
  miner_connected && fail "the miner's connection from before the isolation still stands"
  kubectl -n shop get endpointslices -l kubernetes.io/service-name=web \
    -o jsonpath='{.items[*].endpoints[*].targetRef.name}' | grep -w -- "$miner_pod" >/dev/null &&
    fail "Service shop/web still leads to the isolated pod"
  passed "pod $miner_pod reaches nothing and serves nobody, and is kept for a person to look at"
}

check_replacement_serves() {
  local want have
  kubectl -n shop rollout status deploy/web --timeout=60s >/dev/null || fail "no replacement comes up"
  want=$(kubectl -n shop get deploy/web -o jsonpath='{.spec.replicas}')
  have=$(kubectl -n shop get pods -l app=web --field-selector=status.phase=Running -o name | wc -l)
  [ "$have" -ge "$want" ] || fail "Deployment shop/web has $have of $want pods"
  answers http://web.shop.svc/ || fail "Service shop/web does not answer"
  passed "a clean replacement serves: Service shop/web answers with $have of $want pods"
}

check_neighbour_untouched() {  # what versions_of_neighbour said before
  local now
  now=$(versions_of_neighbour)
  [ "$now" = "$1" ] || fail "the healthy neighbour was changed: $1 -> $now"
  answers http://catalog.shop.svc/ || fail "the healthy neighbour does not answer any more"
  passed "the healthy neighbour shop/catalog has the same resourceVersion as before, and answers"
}

check_reverted_and_stays() {  # name of the Remediation
  until_true 60 "pod $miner_pod does not serve again after the revert" answers "http://$miner_ip:8080/"
  local round
  for round in 1 2 3 4 5 6 7 8; do
    sleep 1
    [ "$(kubectl get remediation.firebreak.dev "$1" -o jsonpath='{.status.phase}')" = Reverted ] ||
      fail "the revert of $1 does not stay (second $round)"
    answers "http://$miner_ip:8080/" || fail "the reverted pod was taken away again (second $round)"
  done
  passed "after the revert pod $miner_pod serves again, and Firebreak leaves it alone"
}
