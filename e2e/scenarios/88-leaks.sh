#!/usr/bin/env bash
# One search over the whole run: no value that any Secret held in any scenario is in anything that Firebreak said
# meanwhile (logs of every pod that there was, all that it wrote to the API server, Events, metrics, evidence on the
# nodes) nor in what the scenarios printed; and none can be in a core dump, since operator and sensor leave none.
#
# Needs kubectl and pgrep, $KUBECONFIG of a cluster administrator, our own cluster, and what lib/hear kept since the
# beginning in $E2E_HEARD. One line per case; exit 1 if one failed.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"
scenario leaks
if [[ ! -s ${E2E_HEARD:-}/values ]]; then printf 'cannot set up: nobody heard: $E2E_HEARD is %s\n' "${E2E_HEARD:-not set}" >&2; exit 2; fi

# A control: a search that cannot find a value says nothing by not finding one.
covered "$run" "$run"
told=$run-$RANDOM
must create secret generic told -n "$run" --from-literal=value="$told"
policy "$told" 'miners: {mode: Audit}'
heard() { grep -q "^$run/told:" "$E2E_HEARD/values"; }
comesTrue 'a new Secret is heard of' 10 heard
answer=$("$lib/leaks" --heard "$E2E_HEARD")
case $? in
1) expect 'the search finds a value that is told on purpose, and no other' "" "$(sed 1d <<<"$answer" | grep -v "^$run/told:")" ;;
*) report FAILED 'the search finds a value that is told on purpose' "$answer" ;;
esac
printf '        %s\n' "$(head -1 <<<"$answer")"

undumpable() {  # PID: no core dump, and its memory and environment are root's alone to read
  [[ $(awk '/^Max core file size/ {print $5 $6}' "/proc/$1/limits") == 00 && $(stat -c %u "/proc/$1/environ") == 0 ]]
}
count=0 dumpable=''
for pid in $(pgrep -f '^/usr/bin/firebreak (operator|sensor|serve)'); do
  count=$((count + 1))
  undumpable "$pid" || dumpable+="$(tr '\0' ' ' <"/proc/$pid/cmdline")"
done
expect "none of its $count processes leaves a core dump" '' "$dumpable"
if ((count >= 3)); then report ok 'two operators and a sensor were looked at'; else report FAILED 'two operators and a sensor were looked at' "$count"; fi
verdict
