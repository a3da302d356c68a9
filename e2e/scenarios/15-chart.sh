#!/usr/bin/env bash
# The chart as Helm renders it: every values file of charts/firebreak/ci, the definitions from crds/, a
# typo answered with the key's name, and the rights: the defaults grant no write but to Firebreak's own
# things, and each capability adds its own verbs and no others.
#
# Needs helm and kubectl in PATH; asks a cluster nothing but what its kinds are called. Writes nothing.
# One line per case; exit 1 if one failed.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib/cases.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/cases.sh"
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
chart=$top/charts/firebreak
version=$(kubectl version -o json 2>/dev/null | sed -n '/serverVersion/,$s/.*"gitVersion": "\(v[0-9.]*\).*/\1/p')
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

render() { helm template firebreak "$chart" --namespace firebreak-system --kube-version "${version:-v1.35.0}" "$@" 2>"$work/error"; }

for values in "$chart"/ci/*-values.yaml; do
  name=$(basename "$values" -values.yaml)
  if render --values "$values" >"$work/$name.yaml"; then report ok "renders with $name values"; else report FAILED "renders with $name values" "$(<"$work/error")"; fi
  if answer=$(helm lint --strict "$chart" --kube-version "${version:-v1.35.0}" --values "$values" 2>&1); then report ok "lints with $name values"; else report FAILED "lints with $name values" "$answer"; fi
done

# --- the definitions -----------------------------------------------------------------------------

helm package "$chart" --destination "$work" >/dev/null 2>&1
for where in "$chart" "$work"/firebreak-*.tgz; do
  what=$([[ -d $where ]] && echo "the folder" || echo "the package")
  helm template firebreak "$where" --kube-version "${version:-v1.35.0}" --show-only templates/crds.yaml >"$work/crds.yaml" 2>/dev/null
  for file in "$top"/crds/*.yaml; do
    name=$(basename "$file" .yaml).firebreak.dev
    kubectl create --dry-run=client --validate=false -o json -f "$file" 2>/dev/null | sed -n '/"spec": {/,$p' >"$work/wanted"
    awk -v RS='\n---\n' -v name="$name" 'index($0, "\n  name: " name "\n") {print; exit}' "$work/crds.yaml" >"$work/one.yaml"
    kubectl create --dry-run=client --validate=false -o json -f "$work/one.yaml" 2>/dev/null | sed -n '/"spec": {/,$p' >"$work/got"
    if [[ -s $work/wanted ]] && cmp -s "$work/wanted" "$work/got"; then report ok "$what holds $name as in crds/"
    else report FAILED "$what holds $name as in crds/" "$(diff "$work/wanted" "$work/got" | head -5)"; fi
  done
  if [[ $(grep -c 'helm.sh/resource-policy: keep' "$work/crds.yaml") == 3 ]]; then report ok "$what keeps them on uninstall"
  else report FAILED "$what keeps them on uninstall" "$(grep -c resource-policy "$work/crds.yaml") of 3"; fi
done

# --- typos ---------------------------------------------------------------------------------------

while IFS='|' read -r setting words; do
  if render --set "$setting" >/dev/null; then report FAILED "refuses $setting" "was accepted"; continue; fi
  answer=$(<"$work/error") missing=
  for word in $words; do [[ $answer == *"$word"* ]] || missing=$word; done
  if [[ -z $missing ]]; then report ok "refuses $setting"; else report FAILED "refuses $setting" "does not say '$missing': $answer"; fi
done <<'E'
imgae.tag=x|imgae
operator.replica=1|operator replica
operator.replicas=0|operator replicas
operator.networkPolicy.enable=true|networkPolicy enable
sensor.levle=Full|sensor levle
sensor.level=full|sensor level Basic Full Responder
capabilities.miner.isolate=true|capabilities miner
capabilities.miners.isolte=true|capabilities miners isolte
capabilities.miners.isolate=yes please|capabilities miners isolate
capabilities.secrets.rotate.namespace={shop}|capabilities secrets rotate namespace
capabilities.secrets.rotate.namespaces={Shop}|capabilities secrets rotate namespaces
capabilities.secrets.rotate.namespaces={kube-system}|kube-system protected
capabilities.secrets.rotate.namespaces={firebreak-system}|firebreak-system protected
admission.seatbelt.off=true|admission seatbelt off
sensor.namespace.name=firebreak-system|sensor.namespace.name
E

# --- rights --------------------------------------------------------------------------------------

# rights OPTIONS...: every right of the operator, one `scope group/resource[names] verb` per line.
rights() {
  render "$@" >"$work/all.yaml" || return 1
  awk 'BEGIN {RS = ORS = "\n---\n"} /# Source: firebreak\/templates\/operator\/rbac-/' "$work/all.yaml" >"$work/rbac.yaml"
  # shellcheck disable=SC2016  # the dollars are those of the template
  kubectl create --dry-run=client --validate=false -f "$work/rbac.yaml" -o go-template='
{{- $o := .}}{{range .rules}}{{$r := .}}{{range .apiGroups}}{{$g := .}}{{range $r.resources}}{{$k := .}}{{range $r.verbs}}
{{- if $o.metadata.namespace}}{{$o.metadata.namespace}}{{else}}*{{end}} {{$k}}{{if $g}}.{{$g}}{{end}}{{if $r.resourceNames}}{{$r.resourceNames}}{{end}} {{.}}
{{end}}{{end}}{{end}}{{end}}' 2>/dev/null | grep -E ' .* ' | sort -u
}
rights >"$work/defaults" || report FAILED "the defaults have rights" "$(<"$work/error")"

writes=$(grep -vE ' (get|list|watch)$' "$work/defaults" | grep -vE \
  -e '^\* (securitypolicies(/finalizers|/status)?|remediations(/finalizers|/status)?|nodeguards)\.firebreak\.dev ' \
  -e '^\* events\.events\.k8s\.io ' -e '^\* selfsubject(access|rules)reviews\.authorization\.k8s\.io create$' \
  -e '^firebreak-system leases\.coordination\.k8s\.io ' -e '^firebreak-system secrets create$' -e '^firebreak-system secrets\[firebreak-keys\] ')
if [[ -s $work/defaults && -z $writes ]]; then report ok "the defaults write only Firebreak's own things"; else report FAILED "the defaults write only Firebreak's own things" "$writes"; fi
secrets=$(grep -E ' secrets' "$work/defaults" | grep -vE '^firebreak-system secrets(\[firebreak-keys\] (get|update|patch)| create)$')
if [[ -z $secrets ]]; then report ok "the defaults read no Secret but their own"; else report FAILED "the defaults read no Secret but their own" "$secrets"; fi
if ! grep -qE '(^| )\*|\*$| (bind|escalate|impersonate)$' <(sed 's/^\* //' "$work/defaults"); then report ok "the defaults hold no wildcard, bind, escalate or impersonate"
else report FAILED "the defaults hold no wildcard, bind, escalate or impersonate" "$(grep -E '\*' "$work/defaults" | head -3)"; fi

networkPolicies='* networkpolicies.networking.k8s.io create,* networkpolicies.networking.k8s.io delete,* networkpolicies.networking.k8s.io patch,* networkpolicies.networking.k8s.io update'
scale=$(for kind in deployments replicasets statefulsets; do printf '* %s.apps patch,* %s.apps update,* %s/scale.apps get,* %s/scale.apps patch,* %s/scale.apps update,' $kind $kind $kind $kind $kind; done)
while IFS='|' read -r setting expected; do
  if ! rights --set "$setting" >"$work/with"; then report FAILED "$setting grants its verbs only" "$(<"$work/error")"; continue; fi
  got=$(comm -13 "$work/defaults" "$work/with")
  wanted=$(tr ',' '\n' <<<"$expected" | sed '/^$/d' | sort -u)
  if [[ $got == "$wanted" ]]; then report ok "$setting grants its verbs only"
  else report FAILED "$setting grants its verbs only" "$(diff <(echo "$wanted") <(echo "$got") | head -10)"; fi
done <<E
capabilities.dashboards.restrictIngress=true|$networkPolicies
capabilities.dashboards.unpublish=true|* services patch,* services update
capabilities.dashboards.detachRoutes=true|* ingresses.networking.k8s.io patch,* ingresses.networking.k8s.io update,* httproutes.gateway.networking.k8s.io patch,* httproutes.gateway.networking.k8s.io update
capabilities.dashboards.revokeClusterAdmin=true|* clusterrolebindings.rbac.authorization.k8s.io delete
capabilities.dashboards.scaleToZero=true|$scale
capabilities.miners.isolate=true|$networkPolicies,* pods patch,* pods update
capabilities.miners.captureEvidence=true|* pods/log get
capabilities.miners.terminate=true|* pods delete
capabilities.miners.stopOwner=true|$scale,* jobs.batch patch,* jobs.batch update,* cronjobs.batch patch,* cronjobs.batch update
capabilities.miners.blockImage=true|firebreak-system configmaps[firebreak-blocked-images] patch,firebreak-system configmaps[firebreak-blocked-images] update
capabilities.secrets.adminSecrets={pg}|firebreak-system secrets[pg] get
capabilities.secrets.rotate.namespaces={shop}|shop secrets get,shop secrets list,shop secrets create,shop secrets update,shop secrets patch,shop secrets delete,shop deployments.apps update,shop deployments.apps patch,shop statefulsets.apps update,shop statefulsets.apps patch,shop daemonsets.apps update,shop daemonsets.apps patch,shop pods/eviction create,shop certificates.cert-manager.io get,shop certificates/status.cert-manager.io update,shop certificates/status.cert-manager.io patch,shop externalsecrets.external-secrets.io get,shop externalsecrets.external-secrets.io update,shop externalsecrets.external-secrets.io patch,* tokenreviews.authentication.k8s.io create
E

# --- the sensor ----------------------------------------------------------------------------------

for level in 'Basic ' 'Full "SYS_PTRACE","DAC_READ_SEARCH"' 'Responder "SYS_PTRACE","DAC_READ_SEARCH","SYS_ADMIN","NET_ADMIN","KILL"'; do
  render --set "sensor.level=${level%% *}" --show-only templates/sensor/sensor.yaml >"$work/sensor.yaml"
  got=$(sed -n 's/^ *add: \[\(.*\)\]$/\1/p' "$work/sensor.yaml")
  if [[ $got == "${level#* }" ]] && grep -q 'drop: \[ALL\]' "$work/sensor.yaml" && ! grep -qE 'privileged: true|hostNetwork|hostIPC' "$work/sensor.yaml"; then
    report ok "the sensor at level ${level%% *} has its capabilities only"
  else report FAILED "the sensor at level ${level%% *} has its capabilities only" "$got"; fi
done

verdict
