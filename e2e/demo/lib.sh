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
answers() { third_pod curl -sf -m 2 -o /dev/null "$1" </dev/null; }

# status_with_token URL TOKEN: the HTTP status that the third pod gets with this credential.
status_with_token() {
  printf 'header = "Authorization: Bearer %s"\n' "$2" |
    third_pod curl -s -m 5 -o /dev/null -w '%{http_code}' -K - "$1"
}

# --- Firebreak's objects --------------------------------------------------------------------------

# remediation FAMILY NAMESPACE NAME-PREFIX: name, phase and outcome of those that fit, one per line.
remediation() {
  kubectl get remediations.firebreak.dev -o jsonpath='{range .items[*]}{.spec.family}{" "}{.spec.targetRef.namespace}{" "}{.spec.targetRef.name}{" "}{.metadata.name}{" "}{.status.phase}{" "}{.status.outcome}{"\n"}{end}' |
    awk -v family="$1" -v namespace="$2" -v prefix="$3" \
      '$1 == family && $2 == namespace && index($3, prefix) == 1 { print $4, $5, $6 }'
}

# remediation_is FAMILY NAMESPACE NAME-PREFIX STATE...: one that fits has this phase or outcome.
remediation_is() {
  local found state
  found=$(remediation "$1" "$2" "$3")
  shift 3
  for state in "$@"; do
    if grep -qw -- "$state" <<<"$found"; then return 0; fi
  done
  return 1
}

remediation_name() { remediation "$1" "$2" "$3" | awk '{ print $1; exit }'; }
