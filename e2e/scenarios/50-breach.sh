#!/usr/bin/env bash
# The breach of the demo, with all its checks, on the cluster of `make test` (which has the chart
# installed); removes what it made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source e2e/demo/breach.sh
# shellcheck disable=SC2086  # a list of names
e2e/images/build $demo_images
for image in $demo_images; do e2e/cluster/load "build/image/$image.tar"; done
KEEP='' exec e2e/demo/run --here
