#!/usr/bin/env bash
# Custom resources that nobody thought of, made from the schemas: taken or refused by the name of the field, never a
# crash, and a series of policies ends where the last one alone would. Another seed for each commit; it is printed.
#
# Needs kubectl and python3 in PATH, $KUBECONFIG of a cluster administrator and the chart with its admission
# policies. Removes what it made. Exit 1 if a case failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
commit=$(git rev-parse --short=5 HEAD 2>/dev/null || date +%j)
exec tests/crfuzz/crfuzz --seed "$((16#$commit))" "$@"
