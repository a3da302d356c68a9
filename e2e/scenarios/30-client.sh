#!/usr/bin/env bash
# The Kubernetes client against this cluster's API server: every test of tests/kube/live_*_test.cc, with the
# API server killed in the middle of a watch and etcd compacted, so that what was seen is really gone.
#
# Needs $KUBECONFIG of a cluster administrator and, for the second part, the node's network ($E2E_NETNS);
# without that those tests are skipped. Works in a namespace of its own; the API server is back at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The build of the unit tests, which the whole run has made already.
cmake --preset asan-ubsan --log-level=WARNING >/dev/null
cmake --build build/asan-ubsan --target kube_live_test >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cat >"$work/disturb" <<'DISTURB'
#!/usr/bin/env bash
# A write of nobody's first, so that what is compacted is older than all that is left.
set -euo pipefail
etcd() {  # PATH BODY: etcd's HTTP gateway
  nsenter --net="$E2E_NETNS" curl --silent --fail --max-time 10 "http://127.0.0.1:2379$1" --data "$2"
}
revision=$(etcd /v3/kv/put '{"key": "ZmlyZWJyZWFrLXRlc3Q=", "value": "eA=="}' | jq -r .header.revision)
etcd /v3/kv/compaction "{\"revision\": $revision, \"physical\": true}" >/dev/null
e2e/cluster/ctl restart kube-apiserver
for _ in {1..120}; do
  if kubectl get --raw /readyz --request-timeout=2s >/dev/null 2>&1; then exit 0; fi
  sleep 0.5
done
echo 'the API server did not come back' >&2
exit 1
DISTURB
chmod +x "$work/disturb"
if [[ -n ${E2E_NETNS:-} ]]; then export FIREBREAK_TEST_DISTURB=$work/disturb; fi
FIREBREAK_TEST_KUBECONFIG=$KUBECONFIG build/asan-ubsan/tests/kube/kube_live_test --gtest_brief=0
