# Sourced first by a scenario: its cases, what Firebreak acts on, its names, and what is removed at its end.
# shellcheck shell=bash
# shellcheck disable=SC2034  # read by those who source this

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$lib/../../.." && pwd)
firebreak=${FIREBREAK:-$top/build/release/firebreak}
# shellcheck source-path=SCRIPTDIR source=cases.sh
source "$lib/cases.sh"
# shellcheck source-path=SCRIPTDIR source=targets.sh
source "$lib/targets.sh"
# shellcheck source-path=SCRIPTDIR source=images.sh
source "$lib/images.sh"

# scenario NAME IMAGE...: policies and namespaces of its own are called $run or begin so, and are removed at its end
# with the Remediations in them; what else there is, a function `alsoRemove` of the scenario removes before.
scenario() {
  run=e2e-$1-$$
  shift
  trap leave EXIT
  trap 'exit 130' INT TERM
  if (($# > 0)); then loadImages "$@"; fi
}

ownOf() { kubectl get "$1" -o name | grep "/$run" | xargs -r kubectl delete --wait=false --ignore-not-found; }  # KIND
leave() {
  if declare -F alsoRemove; then alsoRemove; fi
  ownOf securitypolicies.firebreak.dev
  ownOf namespaces
  forget ".namespace // \"\" | startswith(\"$run\")"
  rm -rf "$work"
} >/dev/null 2>&1
