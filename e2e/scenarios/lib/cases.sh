# Sourced by the scenarios: one line per case, what they count, and the names under which the chart runs.
# Needs kubectl in PATH and $KUBECONFIG of a cluster administrator.
# shellcheck shell=bash
# shellcheck disable=SC2034  # read by those who source this

namespace=${FIREBREAK_NAMESPACE:-firebreak-system}
release=${FIREBREAK_RELEASE:-firebreak}
sensorNamespace=${FIREBREAK_SENSOR_NAMESPACE:-firebreak-sensor}
operatorUser=system:serviceaccount:$namespace:$release-operator
sensorUser=system:serviceaccount:$sensorNamespace:$release-sensor
# The group takes RBAC out of the way: what is refused to these is refused by admission.
operator=(--as="$operatorUser" --as-group=system:masters)
sensor=(--as="$sensorUser" --as-group=system:masters)

failures=0 cases=0
work=$(mktemp -d)  # the scenario's trap removes it

report() {  # ok|FAILED, name, detail
  cases=$((cases + 1))
  if [[ $1 == ok ]]; then printf 'ok      %s\n' "$2"; return; fi
  failures=$((failures + 1))
  printf 'FAILED  %s\n        %s\n' "$2" "${3//$'\n'/$'\n'        }"
}
expect() {  # NAME WANTED GOT
  if [[ $3 == "$2" ]]; then report ok "$1"; else report FAILED "$1" "is: $3"; fi
}
allowed() {  # NAME kubectl-arguments...
  local name=$1 answer; shift
  # What exists already was let through: admission is asked before the store is.
  if answer=$(kubectl "$@" 2>&1) || [[ $answer == *'already exists'* ]]; then report ok "allows $name"
  else report FAILED "allows $name" "$answer"; fi
}
refused() {  # NAME TEXT kubectl-arguments...
  local name=$1 text=$2 answer; shift 2
  if answer=$(kubectl "$@" 2>&1); then report FAILED "refuses $name" "was allowed"
  elif [[ $answer != *"$text"* ]]; then report FAILED "refuses $name" "does not say '$text': $answer"
  else report ok "refuses $name"; fi
}
# What the cases rest on: without it none of them says anything.
must() {  # kubectl-arguments...
  local answer
  if ! answer=$(kubectl "$@" 2>&1); then printf 'cannot set up: kubectl %s\n%s\n' "$*" "$answer" >&2; exit 2; fi
}
# repeats a command until it succeeds; its last answer is in $last.
eventually() {  # SECONDS COMMAND...
  local deadline=$((SECONDS + $1)); shift
  until last=$("$@" 2>&1); do
    ((SECONDS < deadline)) || return 1
    sleep 0.3
  done
}
# comesTrue NAME SECONDS COMMAND...: a case of its own.
comesTrue() {
  local name=$1 seconds=$2; shift 2
  if eventually "$seconds" "$@"; then report ok "$name"; else report FAILED "$name" "not within $seconds s: $last"; fi
}
# In a new namespace pods are refused until its ServiceAccount is there.
makeNamespace() {
  must create namespace "$1"
  eventually 30 kubectl get serviceaccount default -n "$1" || { printf 'cannot set up: namespace %s\n' "$1" >&2; exit 2; }
}
verdict() {  # the last line, and whether all went well
  printf '%d cases, %d failed\n' "$cases" "$failures"
  ((cases > 0 && failures == 0))
}
