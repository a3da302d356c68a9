# Sourced by e2e/demo/run and by scenarios: narration, waiting, clocks, and asking from outside.
# Needs kubectl in PATH and $KUBECONFIG of a cluster administrator. No secret value is printed, and
# none is passed as an argument, where `ps` and the API server's audit log would show it.
# shellcheck shell=bash

demo=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$demo/../.." && pwd)

# --- narration ------------------------------------------------------------------------------------

bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

# step NAME TEXT: a headline. With DEMO_INTERRUPT_AT=NAME the demo gets a SIGINT here, as from Ctrl-C.
step() {
  printf '\n%s[%s] %s%s\n' "$bold" "$1" "$2" "$plain"
  if [ "${DEMO_INTERRUPT_AT:-}" = "$1" ]; then kill -INT "$$"; fi
}
say() { printf '   %s\n' "$*"; }
show() { sed 's/^/     | /'; }
fail() { printf '%sFAILED: %s%s\n' "$bold" "$*" "$plain" >&2; exit 1; }

now_ms() { date +%s%3N; }

# until_true SECONDS WHAT COMMAND...: repeats the command until it succeeds.
until_true() {
  local deadline=$(($(now_ms) + $1 * 1000)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$(now_ms)" -ge "$deadline" ]; then fail "$what"; fi
    sleep 0.2
  done
}

# --- asking from outside --------------------------------------------------------------------------

# The address that node ports answer on.
node_ip() {
  if [ -n "${E2E_NODE_IP:-}" ]; then
    echo "$E2E_NODE_IP"
  else
    kubectl get nodes -o jsonpath='{.items[0].status.addresses[?(@.type=="InternalIP")].address}'
  fi
}

# third_pod COMMAND...: runs in a pod that has nothing to do with the others; stdin is passed on.
third_pod() { kubectl -n outside exec -i deploy/prober -c prober -- "$@"; }

# answers URL: the third pod gets an answer with success.
answers() { third_pod curl -sf -m 2 -o /dev/null "$1" </dev/null 2>/dev/null; }

# status_with_token URL TOKEN: the HTTP status that the third pod gets with this credential.
status_with_token() {
  printf 'header = "Authorization: Bearer %s"\n' "$2" |
    third_pod curl -s -m 5 -o /dev/null -w '%{http_code}' -K - "$1"
}

# --- Firebreak's objects --------------------------------------------------------------------------

# remediation FAMILY NAMESPACE RESOURCE/NAME: name, phase and outcome of the one whose target is that
# object as it is now; one that went before under the same name had another uid.
remediation() {
  local uid
  uid=$(kubectl -n "$2" get "$3" -o jsonpath='{.metadata.uid}') || return 1
  kubectl get remediations.firebreak.dev -o json |
    jq -r --arg family "$1" --arg uid "$uid" '.items[]
      | select(.spec.family == $family and .spec.targetRef.uid == $uid)
      | "\(.metadata.name) \(.status.phase // "-") \(.status.outcome // "-")"'
}

# remediation_is STATE FAMILY NAMESPACE RESOURCE/NAME: its phase or its outcome is this.
remediation_is() {
  local state=$1
  shift
  remediation "$@" | grep -w -- "$state" >/dev/null
}

remediation_name() { remediation "$@" | awk '{ print $1; exit }'; }
