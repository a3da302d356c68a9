#!/usr/bin/env bash
# The operator, killed right before and right after some of its calls: another story and other calls for
# each commit, in two minutes. `make crash` is all of it.
#
# Needs kubectl in PATH, $KUBECONFIG of a cluster administrator, the chart (whose operator is stopped
# meanwhile) and Go. Removes what it made. Exit 1 where a killed operator did not come to the same end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source-path=SCRIPTDIR source=lib/images.sh
source e2e/scenarios/lib/images.sh
loadImages e2e-standins e2e-services
commit=$(git rev-parse --short=7 HEAD 2>/dev/null || date +%j)
exec tests/crash/crash --seconds 75 --seed "$((16#$commit))" "$@"
