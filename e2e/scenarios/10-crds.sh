#!/usr/bin/env bash
# What the API server accepts, fills in and refuses: every promise of the three schemas as a case.
# A refusal counts only if the message names the full path of the field.
#
# Needs kubectl in PATH, $KUBECONFIG of a cluster administrator, and the CRDs; the chart may or may not
# be installed. Writes one Remediation, which it removes again; all the rest is a dry run on the server.
# One line per case; exit 1 if one failed.
set -uo pipefail
shopt -s lastpipe  # the functions at the end of a pipe count cases in this shell

# shellcheck source-path=SCRIPTDIR source=lib/cases.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/cases.sh"
# Remediations are the operator's: with the chart installed nobody else may make one.
who=()  # who asks: the administrator, then (from the Remediations on) the operator
remediation=e2e-crds-$$
if ! answer=$(kubectl wait --for=condition=Established --timeout=10s crd/securitypolicies.firebreak.dev crd/remediations.firebreak.dev crd/nodeguards.firebreak.dev 2>&1); then
  printf 'the definitions of firebreak.dev are not in reach: %s\n' "$answer" >&2
  exit 2
fi

# shellcheck disable=SC2329  # called by the trap
cleanup() {
  kubectl "${operator[@]}" delete remediations.firebreak.dev "$remediation" --ignore-not-found --wait=false >/dev/null 2>&1
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# refusedAt NAME PATH: the object on stdin must be refused with PATH (and, optionally, TEXT) in the message.
refusedAt() {
  local name=$1 path=$2 text=${3:-} answer
  if answer=$(kubectl "${who[@]}" create --dry-run=server -f - 2>&1); then
    report FAILED "refuses $name" "was accepted"
  elif [[ $answer != *"$path"* || $answer != *"$text"* ]]; then
    report FAILED "refuses $name" "does not say '$path' '$text': $answer"
  else
    report ok "refuses $name ($path)"
  fi
}

# accepted NAME [JSONPATH EXPECTED]...: the object on stdin is taken, with these values in it.
accepted() {
  local name=$1 answer got; shift
  cat >"$work/object.yaml"
  if ! answer=$(kubectl "${who[@]}" create --dry-run=server -f "$work/object.yaml" -o json 2>&1); then
    report FAILED "accepts $name" "$answer"; return
  fi
  printf '%s' "$answer" >"$work/answer.json"
  while (($#)); do
    got=$(kubectl "${who[@]}" create --dry-run=server -f "$work/object.yaml" -o "jsonpath=$1" 2>&1)
    if [[ $got != "$2" ]]; then report FAILED "accepts $name" "$1 is '$got', not '$2'"; return; fi
    shift 2
  done
  report ok "accepts $name"
}

policy() {  # spec on stdin, without indentation
  printf 'apiVersion: firebreak.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: e2e-crds}\nspec:\n'
  sed 's/^/  /'
}

remediationObject() {  # more of the spec on stdin
  printf 'apiVersion: firebreak.dev/v1alpha1\nkind: Remediation\nmetadata: {name: %s}\nspec:\n' "$remediation"
  printf '  %s\n' 'family: Miner' 'targetRef: {apiVersion: v1, kind: Pod, namespace: default, name: some-pod, uid: 0b0e}' 'fingerprint: abc'
  sed 's/^/  /'
}

# --- SecurityPolicy: what is taken ---------------------------------------------------------------

printf 'apiVersion: firebreak.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: e2e-crds}\n' |
  accepted "a policy without a spec, as Audit" '{.spec.mode}' Audit '{.spec.dashboards.mode}{.spec.secrets.mode}{.spec.miners.mode}' ''
policy <<<'mode: Enforce' | accepted "a policy of one line, with every default" \
  '{.spec.priority}' 0 '{.spec.onDelete}' Keep '{.spec.cooldownSeconds}' 300 '{.spec.contendAfter}' 3 '{.spec.historyLimit}' 50 \
  '{.spec.dashboards.minReach}' Published '{.spec.dashboards.probe.intervalSeconds}/{.spec.dashboards.probe.timeoutSeconds}' 300/3 \
  '{.spec.dashboards.actions}' '["RestrictIngress","Unpublish","DetachRoutes"]' \
  '{.spec.secrets.keepPreviousSeconds}/{.spec.secrets.restart.maxConcurrent}' 3600/1 \
  '{.spec.miners.threshold}/{.spec.miners.observeSeconds}/{.spec.miners.keepQuarantinedSeconds}' 80/15/86400 \
  '{.spec.miners.actions}' '["Isolate","Drop","CutConnections","CaptureEvidence"]' \
  '{.spec.limits.maxConcurrent}/{.spec.limits.maxPerHour}/{.spec.limits.maxPercentOfOwner}' 5/30/50 \
  '{.spec.breaker.failures}/{.spec.breaker.windowSeconds}/{.spec.breaker.cooldownSeconds}' 3/600/1800 \
  '{.spec.approval.expireSeconds}' 86400 '{.spec.evidence.keepSeconds}/{.spec.evidence.maxBytes}' 604800/900000
policy <<'E' | accepted "the sample of the documentation" '{.spec.exclude[0].name}' load-tests
mode: Audit
priority: 0
namespaceSelector: {}
exclude:
- name: load-tests
  namespaces: ["ci-burner"]
  selector: {}
  reason: "CPU burners, ticket 1423"
  expiresAt: "2026-12-31T00:00:00Z"
dashboards:
  mode: Enforce
  minReach: Published
  probe: {intervalSeconds: 300, timeoutSeconds: 3}
  allowFrom: []
  actions: [RestrictIngress, Unpublish, DetachRoutes]
  products: []
secrets:
  mode: Approve
  keepPreviousSeconds: 3600
  restart: {maxConcurrent: 1, windows: []}
  rotators: []
miners:
  mode: Enforce
  threshold: 80
  observeSeconds: 15
  keepQuarantinedSeconds: 86400
  actions: [Isolate, Drop, CutConnections, CaptureEvidence]
  signatures: {poolDomains: [], wallets: [], images: [], processes: []}
limits: {maxConcurrent: 5, maxPerHour: 30, maxPercentOfOwner: 50}
breaker: {failures: 3, windowSeconds: 600, cooldownSeconds: 1800}
approval: {expireSeconds: 86400}
cooldownSeconds: 300
contendAfter: 3
pauseRequests: []
onDelete: Keep
evidence: {keepSeconds: 604800, maxBytes: 900000}
historyLimit: 50
E
policy <<'E' | accepted "every action, block and rotator"
mode: Enforce
priority: -5
namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [shop, pay]}, {key: legacy, operator: DoesNotExist}]}
exclude:
- {name: by-label, namespaceSelector: {matchLabels: {purpose: lab}}, expiresAt: "2026-12-31T23:59:59.5+02:00"}
dashboards:
  minReach: Cluster
  allowFrom:
  - {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}
  - {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}, podSelector: {}}
  actions: [ScaleToZero, RestrictIngress, RevokeClusterAdmin, Unpublish, DetachRoutes]
  products:
  - {name: own-console, class: Control, images: [team/console], ports: [8080], proof: {path: /api/v1/users, jsonKeys: [users]}}
secrets:
  restart: {maxConcurrent: 2, windows: [{days: [Saturday, Sunday], start: "22:30", durationSeconds: 7200}]}
  rotators:
  - {name: token, type: Random, namespace: shop, secret: api-token, keys: [token], random: {nature: SharedToken}}
  - {name: db, type: PostgreSQL, namespace: shop, secret: db, keys: [password], adminRef: {name: pg-admin, key: password}, postgresql: {role: shop, host: db.shop.svc, port: 5432, database: shop}}
  - {name: aws, type: AWSAccessKey, namespace: shop, secret: aws, awsAccessKey: {iamUserName: shop-uploader, endpoint: "https://iam.example.test"}}
  - {name: hook, type: Webhook, namespace: shop, secret: other, reload: Self, webhook: {url: "https://rotate.example.test/x", hmacRef: {name: hook, key: hmac}}}
  - {name: cert, type: TLS, namespace: shop, secret: tls}
  - {name: sa, type: ServiceAccountToken, namespace: shop, secret: sa-token}
  - {name: es, type: ExternalSecret, namespace: shop, secret: external}
miners:
  threshold: 0
  actions: [BlockImage, StopOwner, Terminate, Freeze, CaptureEvidence, CutConnections, Drop, Isolate]
  signatures: {poolDomains: [pool.example.test], wallets: [abc], images: [evil/miner], processes: [kdevtmpfsi]}
limits: {maxConcurrent: 0, maxPerHour: 0, maxPercentOfOwner: 100}
pauseRequests: ["ada: release night"]
onDelete: Revert
E

# --- SecurityPolicy: what is refused -------------------------------------------------------------

while IFS='|' read -r name path spec; do
  [[ -z $name ]] && continue
  policy <<<"$spec" | refusedAt "$name" "$path"
done <<'E'
an unknown mode|spec.mode|mode: Enforced
a mode that YAML makes a boolean|spec.mode|mode: Off
an unknown mode of a family|spec.miners.mode|miners: {mode: audit}
an unknown minReach|spec.dashboards.minReach|dashboards: {minReach: Internet}
an unknown onDelete|spec.onDelete|onDelete: Undo
an unknown dashboard action|spec.dashboards.actions[1]|dashboards: {actions: [RestrictIngress, Delete]}
an unknown miner action|spec.miners.actions[0]|miners: {actions: [Kill]}
a dashboard action twice|spec.dashboards.actions[1]|dashboards: {actions: [Unpublish, Unpublish]}
a miner action twice|spec.miners.actions[2]|miners: {actions: [Isolate, Drop, Isolate]}
a threshold above 100|spec.miners.threshold|miners: {threshold: 101}
a threshold below 0|spec.miners.threshold|miners: {threshold: -1}
a threshold that is no integer|spec.miners.threshold|miners: {threshold: 80.5}
a threshold that is text|spec.miners.threshold|miners: {threshold: "80"}
a percentage above 100|spec.limits.maxPercentOfOwner|limits: {maxPercentOfOwner: 101}
a percentage below 0|spec.limits.maxPercentOfOwner|limits: {maxPercentOfOwner: -1}
a probe time-out of 0|spec.dashboards.probe.timeoutSeconds|dashboards: {probe: {timeoutSeconds: 0}}
a probe time-out of 31|spec.dashboards.probe.timeoutSeconds|dashboards: {probe: {timeoutSeconds: 31}}
a negative probe interval|spec.dashboards.probe.intervalSeconds|dashboards: {probe: {intervalSeconds: -1}}
a negative maxPerHour|spec.limits.maxPerHour|limits: {maxPerHour: -1}
a negative maxConcurrent|spec.limits.maxConcurrent|limits: {maxConcurrent: -1}
a negative keepPreviousSeconds|spec.secrets.keepPreviousSeconds|secrets: {keepPreviousSeconds: -1}
a negative restart.maxConcurrent|spec.secrets.restart.maxConcurrent|secrets: {restart: {maxConcurrent: -1}}
a negative observeSeconds|spec.miners.observeSeconds|miners: {observeSeconds: -1}
a negative keepQuarantinedSeconds|spec.miners.keepQuarantinedSeconds|miners: {keepQuarantinedSeconds: -1}
negative breaker failures|spec.breaker.failures|breaker: {failures: -1}
a negative breaker window|spec.breaker.windowSeconds|breaker: {windowSeconds: -1}
a negative breaker cooldown|spec.breaker.cooldownSeconds|breaker: {cooldownSeconds: -1}
a negative expireSeconds|spec.approval.expireSeconds|approval: {expireSeconds: -1}
a negative cooldownSeconds|spec.cooldownSeconds|cooldownSeconds: -1
a negative contendAfter|spec.contendAfter|contendAfter: -1
a negative evidence.keepSeconds|spec.evidence.keepSeconds|evidence: {keepSeconds: -1}
a negative evidence.maxBytes|spec.evidence.maxBytes|evidence: {maxBytes: -1}
a negative historyLimit|spec.historyLimit|historyLimit: -1
an expiresAt that is a date only|spec.exclude[0].expiresAt|exclude: [{name: a, namespaces: [b], expiresAt: "2026-12-31"}]
an expiresAt without a zone|spec.exclude[0].expiresAt|exclude: [{name: a, namespaces: [b], expiresAt: "2026-12-31T00:00:00"}]
an expiresAt in words|spec.exclude[0].expiresAt|exclude: [{name: a, namespaces: [b], expiresAt: tomorrow}]
an expiresAt on a day that is none|spec.exclude[0].expiresAt|exclude: [{name: a, namespaces: [b], expiresAt: "2026-02-30T00:00:00Z"}]
an expiresAt in an hour that is none|spec.exclude[0].expiresAt|exclude: [{name: a, namespaces: [b], expiresAt: "2026-12-31T24:00:01Z"}]
a selector operator in the policy|spec.namespaceSelector.matchExpressions[0].operator|namespaceSelector: {matchExpressions: [{key: a, operator: Equals, values: [b]}]}
a selector operator in an exclude|spec.exclude[0].namespaceSelector.matchExpressions[0].operator|exclude: [{name: a, namespaceSelector: {matchExpressions: [{key: a, operator: Gt, values: ["1"]}]}}]
a selector operator in the labels of an exclude|spec.exclude[0].selector.matchExpressions[0].operator|exclude: [{name: a, namespaces: [b], selector: {matchExpressions: [{key: a, operator: in, values: [c]}]}}]
In without values|spec.namespaceSelector.matchExpressions[0].values|namespaceSelector: {matchExpressions: [{key: a, operator: In}]}
Exists with values|spec.namespaceSelector.matchExpressions[0].values|namespaceSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}
an exclude by nothing|spec.exclude[0].namespaces|exclude: [{name: a}]
an exclude by labels of pods alone|spec.exclude[0].namespaces|exclude: [{name: a, selector: {matchLabels: {app: x}}}]
an exclude with an empty list of namespaces|spec.exclude[0].namespaces|exclude: [{name: a, namespaces: []}]
an exclude of every namespace|spec.exclude[0].namespaceSelector|exclude: [{name: a, namespaceSelector: {}, selector: {matchLabels: {app: x}}}]
an exclude without a name|spec.exclude[0].name|exclude: [{namespaces: [b]}]
two excludes of one name|spec.exclude[1]|exclude: [{name: a, namespaces: [b]}, {name: a, namespaces: [c]}]
a namespace that cannot be one|spec.exclude[0].namespaces[0]|exclude: [{name: a, namespaces: ["Big_One"]}]
an unknown field|spec.enforce|enforce: Yes
an unknown field deep down|spec.dashboards.probe.interval|dashboards: {probe: {interval: 5}}
an unknown field in an exclude|spec.exclude[0].namespace|exclude: [{name: a, namespaces: [b], namespace: c}]
an unknown field in a rotator|spec.secrets.rotators[0].key|secrets: {rotators: [{name: a, type: TLS, namespace: b, secret: c, key: d}]}
an unknown type of rotator|spec.secrets.rotators[0].type|secrets: {rotators: [{name: a, type: MySQL, namespace: b, secret: c}]}
an unknown nature|spec.secrets.rotators[0].random.nature|secrets: {rotators: [{name: a, type: Random, namespace: b, secret: c, keys: [d], random: {nature: EncryptionKey}}]}
Random without saying of what nature|spec.secrets.rotators[0].random|secrets: {rotators: [{name: a, type: Random, namespace: b, secret: c, keys: [d]}]}
Random without keys|spec.secrets.rotators[0].keys|secrets: {rotators: [{name: a, type: Random, namespace: b, secret: c, random: {nature: SharedToken}}]}
PostgreSQL without an administrator|spec.secrets.rotators[0].adminRef|secrets: {rotators: [{name: a, type: PostgreSQL, namespace: b, secret: c, postgresql: {role: r, host: h}}]}
the block of another type|spec.secrets.rotators[0].webhook|secrets: {rotators: [{name: a, type: TLS, namespace: b, secret: c, webhook: {url: "https://x.test", hmacRef: {name: n, key: k}}}]}
a webhook without TLS|spec.secrets.rotators[0].webhook.url|secrets: {rotators: [{name: a, type: Webhook, namespace: b, secret: c, webhook: {url: "http://x.test", hmacRef: {name: n, key: k}}}]}
a rotator in kube-system|spec.secrets.rotators[0].namespace|secrets: {rotators: [{name: a, type: TLS, namespace: kube-system, secret: c}]}
two rotators of one name|spec.secrets.rotators[1]|secrets: {rotators: [{name: a, type: TLS, namespace: b, secret: c}, {name: a, type: TLS, namespace: b, secret: d}]}
a restart window at 25 o'clock|spec.secrets.restart.windows[0].start|secrets: {restart: {windows: [{start: "25:00", durationSeconds: 60}]}}
a peer that is nothing|spec.dashboards.allowFrom[0]|dashboards: {allowFrom: [{}]}
a peer that is both block and pods|spec.dashboards.allowFrom[0].ipBlock|dashboards: {allowFrom: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}
a block that is none|spec.dashboards.allowFrom[0].ipBlock.cidr|dashboards: {allowFrom: [{ipBlock: {cidr: 10.0.0.0}}]}
a console proven by nothing|spec.dashboards.products[0].proof.jsonKeys|dashboards: {products: [{name: a, images: [b], proof: {path: /}}]}
a pause request twice|spec.pauseRequests[1]|pauseRequests: [x, x]
E

# --- Remediation ---------------------------------------------------------------------------------

who=("${operator[@]}")
remediationObject </dev/null | accepted "a Remediation"
remediationObject </dev/null | sed 's/family: Miner/family: Malware/' | refusedAt "an unknown family" spec.family
remediationObject </dev/null | sed 's/, uid: 0b0e//' | refusedAt "a target without uid" spec.targetRef.uid
remediationObject </dev/null | sed '/fingerprint/d' | refusedAt "a Remediation without fingerprint" spec.fingerprint
remediationObject <<<'decision: {action: Accept, by: ada}' | refusedAt "an unknown decision" spec.decision.action
remediationObject <<<'decision: {action: Approve, by: ada}' | refusedAt "an approval of no plan" spec.decision.planHash
remediationObject <<<'decision: {action: Reject}' | refusedAt "a decision by nobody" spec.decision.by
remediationObject <<<'plan: []' | refusedAt "an unknown field of a Remediation" spec.plan

if remediationObject </dev/null | kubectl "${operator[@]}" create -f - >"$work/created" 2>&1; then
  # immutable NAME PATH PATCH
  immutable() {
    local answer
    if answer=$(kubectl "${operator[@]}" patch remediations.firebreak.dev "$remediation" --type=merge --dry-run=server -p "$3" 2>&1); then
      report FAILED "refuses $1" "was accepted"
    elif [[ $answer != *"$2"* || $answer != *immutable* ]]; then
      report FAILED "refuses $1" "does not say '$2' and 'immutable': $answer"
    else
      report ok "refuses $1 ($2)"
    fi
  }
  immutable "another family" spec.family '{"spec":{"family":"OpenDashboard"}}'
  immutable "another target" spec.targetRef '{"spec":{"targetRef":{"name":"another"}}}'
  immutable "another uid of the target" spec.targetRef '{"spec":{"targetRef":{"uid":"ffff"}}}'
  immutable "another fingerprint" spec.fingerprint '{"spec":{"fingerprint":"def"}}'
  immutable "a cause that comes later" spec.cause '{"spec":{"cause":"x"}}'

  status() { kubectl "${operator[@]}" patch remediations.firebreak.dev "$remediation" --subresource=status --type=merge --dry-run=server -p "$1" 2>&1; }
  if answer=$(status '{"status":{"observedGeneration":1,"policyRef":{"name":"default","uid":"1"},"mode":"Enforce","episode":1,"phase":"Applying","message":"m","outcome":"Remediated","planHash":"h","findings":[{"rule":"miner-cmdline","severity":"Critical","confidence":97,"tier":"Remediate","fieldPath":"spec.containers[0].args","message":"m","evidence":[{"signal":"stratum-url","weight":90,"detail":"d"}]}],"plan":[{"name":"relabel","action":"Isolate","objectRef":{"apiVersion":"v1","kind":"Pod","namespace":"default","name":"p","uid":"u"},"patchType":"JSONPatch","patch":"[]","undo":"[]","reversal":"Reversible"}],"steps":[{"name":"relabel","state":"Intended","before":"{}","mac":"k1:00","attempts":1,"message":"m","time":"2026-01-01T00:00:00Z"}],"blocked":{"reason":"RateLimited","until":"2026-01-01T00:00:00Z","message":"m"},"evidence":{"podSpecDigest":"d","executableSha256":"e","path":"/p","node":"n","capturedAt":"2026-01-01T00:00:00Z","details":{"log":"tail"}},"eventsEmitted":["e1"],"episodes":[{"episode":1,"startedAt":"2026-01-01T00:00:00Z"}],"startedAt":"2026-01-01T00:00:00.123456Z","containedAt":"2026-01-01T00:00:01Z","conditions":[{"type":"Ready","status":"False","reason":"Applying","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}'); then
    report ok "accepts a full status of a Remediation"
  else
    report FAILED "accepts a full status of a Remediation" "$answer"
  fi
  while IFS='|' read -r name path patch; do
    if answer=$(status "$patch"); then
      report FAILED "refuses $name" "was accepted"
    elif [[ $answer == *"$path"* ]]; then
      report ok "refuses $name ($path)"
    else
      report FAILED "refuses $name" "does not say '$path': $answer"
    fi
  done <<'E'
an unknown phase|status.phase|{"status":{"phase":"Done"}}
an unknown outcome|status.outcome|{"status":{"outcome":"Success"}}
a confidence above 100|status.findings[0].confidence|{"status":{"findings":[{"rule":"r","confidence":101}]}}
an unknown patch type|status.plan[0].patchType|{"status":{"plan":[{"name":"s","patchType":"Exec"}]}}
two steps of one name|status.steps[1]|{"status":{"steps":[{"name":"s"},{"name":"s"}]}}
a sixth episode|status.episodes|{"status":{"episodes":[{"episode":1},{"episode":2},{"episode":3},{"episode":4},{"episode":5},{"episode":6}]}}
E
  for selector in spec.family=Miner,spec.targetRef.namespace=default spec.targetRef.uid=0b0e; do
    got=$(kubectl get remediations.firebreak.dev --field-selector "$selector" -o name 2>&1)
    if [[ $got == *"$remediation"* ]]; then report ok "selects by $selector"; else report FAILED "selects by $selector" "$got"; fi
  done
  got=$(kubectl get fbr "$remediation" 2>&1 | head -1 | tr -s ' ')
  if [[ $got == "NAME FAMILY NAMESPACE TARGET PHASE OUTCOME AGE"* ]]; then report ok "prints its columns"; else report FAILED "prints its columns" "$got"; fi
  got=$(kubectl get firebreak -o name 2>&1)
  if [[ $got == *"$remediation"* ]]; then report ok "is in the category firebreak"; else report FAILED "is in the category firebreak" "$got"; fi
else
  report FAILED "creates a Remediation" "$(<"$work/created")"
fi

# --- NodeGuard -----------------------------------------------------------------------------------

guard() { printf 'apiVersion: firebreak.dev/v1alpha1\nkind: NodeGuard\nmetadata: {name: e2e-crds}\nspec:\n'; sed 's/^/  /'; }
guard <<<'isolations: [{orderID: a, podUID: b, podRef: shop/p, containerID: c, process: {pid: 1, startTime: 5000000000}, remediation: r, measures: [Freeze, CutConnections, Drop, CaptureEvidence, Probe], expiresAt: "2026-01-01T00:00:00Z"}]' |
  accepted "a NodeGuard with an order"
printf 'apiVersion: firebreak.dev/v1alpha1\nkind: NodeGuard\nmetadata: {name: e2e-crds}\n' | accepted "a NodeGuard without orders"
guard <<<'isolations: [{orderID: a, podUID: b, measures: [Dump]}]' | refusedAt "an unknown measure" 'spec.isolations[0].measures[0]'
guard <<<'isolations: [{orderID: a}]' | refusedAt "an order for no pod" 'spec.isolations[0].podUID'
guard <<<'isolations: [{orderID: a, podUID: b}, {orderID: a, podUID: c}]' | refusedAt "two orders of one id" 'spec.isolations[1]'

verdict
