# Sourced by the scenarios that run pods of their own.
# shellcheck shell=bash

# loadImages NAME...: makes these images and puts them on every node; done before, it costs nothing.
loadImages() {
  local top name
  top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
  "$top/e2e/images/build" "$@" 2>/dev/null
  for name; do "$top/e2e/cluster/load" "$top/build/image/$name.tar" >/dev/null; done
}
