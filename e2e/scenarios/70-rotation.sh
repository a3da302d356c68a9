#!/usr/bin/env bash
# Credentials that lie open, and what they open: a PostgreSQL server, an AWS emulator that checks signatures,
# the API server itself. What was exposed is rotated without a failed request, and the old one is refused
# where it was accepted; what breaks is rolled back; what is not what the policy says stays as it is; no value
# is anywhere but in a Secret.
#
# Needs kubectl, jq and curl in PATH, $KUBECONFIG of a cluster administrator, the chart with every capability
# (e2e/cluster/values.yaml) and the image e2e-services. Removes what it made. One line per case; exit 1 if one
# failed.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/scenario.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"
# shellcheck source-path=SCRIPTDIR source=lib/rotation-world.sh
source "$lib/rotation-world.sh"
scenario rotation e2e-services
admins='e2e-orders-admin e2e-cloud-admin'

# shellcheck disable=SC2329  # called at the end
alsoRemove() {
  # shellcheck disable=SC2086  # a list of names
  kubectl delete secret -n "$namespace" $admins --ignore-not-found
}

# --- the world ---------------------------------------------------------------------------------------

covered "$run" "$run"
for each in superuser orders picky; do randomValue | keep "$each"; done
printf orders | keep user
secretFrom "$run" db-start superuser=superuser
database "$run"
emulator "$run"
{ printf 'postgres://postgres:'; cat "$work/superuser"; printf '@/?sslmode=disable'; } | keep uri
# shellcheck disable=SC2086  # a list of names
kubectl delete secret -n "$namespace" $admins --ignore-not-found >/dev/null
secretFrom "$namespace" e2e-orders-admin uri=uri
secretFrom "$run" orders-db username=user password=orders
secretFrom "$run" picky token=picky
# What a provider gives, as a literal where everybody can read it; made here, nobody's.
{ printf gl; printf 'pat-'; head -c 10 /dev/urandom | od -An -tx1 | tr -d ' \n'; } | keep literal
jq -n --rawfile token "$work/literal" --arg ns "$run" --arg image "$SERVICES" '{
  apiVersion: "apps/v1", kind: "Deployment", metadata: {name: "open", namespace: $ns},
  spec: {replicas: 0, selector: {matchLabels: {app: "open"}}, template: {metadata: {labels: {app: "open"}},
    spec: {containers: [{name: "main", image: $image, env: [{name: "GITLAB_TOKEN", value: $token}]}]}}}}' |
  keep open.json
must create -f "$work/open.json"  # create: no copy in an annotation
picky "$run"
applied <<E
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: $run}
---
apiVersion: v1
kind: Secret
metadata: {name: robot-token, namespace: $run, annotations: {kubernetes.io/service-account.name: robot}}
type: kubernetes.io/service-account-token
E
must rollout status deploy/db -n "$run" --timeout=60s
{ printf "CREATE ROLE orders LOGIN PASSWORD '"; cat "$work/orders"; printf "';"; } | keep statement
ready() { sql "$run" postgres superuser 'SELECT 1' postgres; }
eventually 20 ready || { printf 'cannot set up: the database: %s\n' "$last" >&2; exit 2; }
if ! { sql "$run" postgres superuser "$(<"$work/statement")" postgres &&
  sql "$run" postgres superuser 'CREATE DATABASE orders OWNER orders' postgres &&
  sql "$run" orders orders 'CREATE TABLE orders (id bigserial PRIMARY KEY, at timestamptz DEFAULT now())'; } >"$work/answer"; then
  printf 'cannot set up: the tables: %s\n' "$(<"$work/answer")" >&2; exit 2
fi
orders "$run"
must rollout status deploy/cloud -n "$run" --timeout=60s
if ! kubectl exec -n "$run" deploy/cloud -- env AWS_URL=http://127.0.0.1:5000 python3 /opt/app/aws-world.py 2>"$work/error" | keep aws; then
  printf 'cannot set up: the emulator: %s\n' "$(tail -3 "$work/error")" >&2; exit 2
fi
for each in administrator uploads archive stranger; do
  jq -rj ".$each.id" "$work/aws" | keep "$each-id"
  jq -rj ".$each.secret" "$work/aws" | keep "$each-secret"
  jq -rj ".$each | \"\(.id):\(.secret)\"" "$work/aws" | keep "$each"
done
secretFrom "$namespace" e2e-cloud-admin key=administrator
for each in uploads archive; do
  secretFrom "$run" "$each-aws" AWS_ACCESS_KEY_ID="$each-id" AWS_SECRET_ACCESS_KEY="$each-secret"
done
# Its tenant put somebody else's key where the policy says that it is one of user uploads.
secretFrom "$run" forged-aws AWS_ACCESS_KEY_ID=stranger-id AWS_SECRET_ACCESS_KEY=stranger-secret
must rollout status deploy/orders -n "$run" --timeout=60s
must rollout status deploy/picky -n "$run" --timeout=60s
counted() { kubectl logs -n "$run" load --tail 1 | sed -n 's/.*good \([0-9]*\) bad \([0-9]*\).*/\1 \2/p' | grep .; }
eventually 20 counted || { printf 'cannot set up: nobody orders: %s\n' "$last" >&2; exit 2; }
valueOf "$run" robot-token token | keep robot
server=$(kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}')
kubectl config view --minify --raw -o json | jq -rj '.clusters[0].cluster["certificate-authority-data"] // empty | @base64d' | keep ca
answerTo() {  # FILE-WITH-TOKEN: the API server's status for who shows it
  printf 'header = "Authorization: Bearer %s"\n' "$(<"$work/$1")" |
    curl -s -m 5 -o /dev/null -w '%{http_code}' --cacert "$work/ca" -K - "$server/api"
}
expect "before: the API server takes the ServiceAccount's token" 200 "$(answerTo robot)"
expect "before: the emulator takes the access key" 'arn:aws:iam::123456789012:user/uploads' "$(aws "$run" uploads)"
before=$(counted)

# --- exposed, all at once ----------------------------------------------------------------------------

for each in orders-db picky uploads-aws archive-aws forged-aws robot-token; do markExposed "$run" "$each"; done
rotators=$(jq -nc --arg ns "$run" '
  def aws($name; $user): {name: $name, type: "AWSAccessKey", namespace: $ns, secret: "\($name)-aws",
    keys: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], adminRef: {name: "e2e-cloud-admin", key: "key"},
    awsAccessKey: {iamUserName: $user, endpoint: "http://cloud.\($ns).svc:5000/"}};
  [{name: "orders", type: "PostgreSQL", namespace: $ns, secret: "orders-db", keys: ["username", "password"],
    adminRef: {name: "e2e-orders-admin", key: "uri"},
    postgresql: {role: "orders", host: "db.\($ns).svc", port: 5432, database: "orders"}},
   {name: "picky", type: "Random", namespace: $ns, secret: "picky", keys: ["token"], random: {nature: "SharedToken"}},
   {name: "robot", type: "ServiceAccountToken", namespace: $ns, secret: "robot-token", keys: ["token"]},
   aws("uploads"; "uploads"), aws("archive"; "archive"), aws("forged"; "uploads")]')
policy "$run" "secrets: {mode: Enforce, keepPreviousSeconds: 25, rotators: $rotators}" \
  'limits: {maxConcurrent: 50, maxPerHour: 100}'

finished() { reaches "$run" "$1" Contained && ! kubectl get secret -n "$run" -l firebreak.dev/staging=true -o name | grep "/$1-firebreak-"; }
failedWith() {  # SECRET TEXT
  local now; now=$(statusOf "$run" "$1" '"\(.phase) \(.message)"'); echo "$now"
  [[ $now == Failed*$2* ]]
}
differ() {  # NAME FILE FILE
  if [[ -s $work/$2 && -s $work/$3 ]] && ! cmp -s "$work/$2" "$work/$3"; then report ok "$1"; else report FAILED "$1" "it is the same"; fi
}

# An emulator that goes away in the middle: what was begun waits, and goes on when it is back.
cloudSelector() { must patch service cloud -n "$run" --type=merge -p "{\"spec\":{\"selector\":{\"app\":\"$1\"}}}"; }
written() {
  pairOf "$run" uploads-aws uploads-now
  ! cmp -s "$work/uploads" "$work/uploads-now" && failedWith forged-aws '' && failedWith archive-aws ''
}
comesTrue "AWS: the Secret holds another access key" 60 written
cloudSelector nobody
waits() {
  local now; now=$(statusOf "$run" uploads-aws '[.conditions[]? | select(.type == "Ready")][0] | "\(.status) \(.reason) \(.message)"')
  echo "$now"; [[ $now == 'Unknown CannotLook '*'AWS '* ]]
}
comesTrue "AWS: while the emulator is away it waits, and says for what" 90 waits
expect "AWS: and the old key still works" 'arn:aws:iam::123456789012:user/uploads' "$(aws "$run" uploads)"
cloudSelector cloud

comesTrue "PostgreSQL: rotated" 120 finished orders-db
valueOf "$run" orders-db password | keep orders-now
differ "PostgreSQL: the password is another" orders orders-now
expect "PostgreSQL: it is the other role's turn" orders_alt "$(valueOf "$run" orders-db username)"
expect "PostgreSQL: the new login works" orders_alt "$(sql "$run" orders_alt orders-now 'SELECT session_user')"
expect "PostgreSQL: what it makes belongs to the first role" orders "$(sql "$run" orders_alt orders-now 'SELECT current_user')"
old=$(sql "$run" orders orders 'SELECT 1')
if [[ $old == *'not permitted to log in'* || $old == *'authentication failed'* ]]; then report ok "PostgreSQL: the old login is refused"
else report FAILED "PostgreSQL: the old login is refused" "$old"; fi
expect "PostgreSQL: no session of the old login is left" 0 \
  "$(sql "$run" postgres superuser "SELECT count(*) FROM pg_stat_activity WHERE usename = 'orders'" postgres)"
now=$(counted)
moreOrders() { counted; [[ $(counted | cut -d' ' -f1) -gt ${now% *} ]]; }
comesTrue "PostgreSQL: the application works on" 20 moreOrders
now=$(counted)
expect "PostgreSQL: no request failed, of $((${now% *} - ${before% *}))" "${before#* }" "${now#* }"

comesTrue "ServiceAccountToken: rotated" 90 finished robot-token
valueOf "$run" robot-token token | keep robot-now
differ "ServiceAccountToken: the token is another" robot robot-now
expect "ServiceAccountToken: the API server takes the new one" 200 "$(answerTo robot-now)"
expect "ServiceAccountToken: the API server refuses the old one" 401 "$(answerTo robot)"

stays() { kubectl get secret "$2" -n "$1" -o json | jq -rj --arg k "$3" '.data[$k] | @base64d' | cmp -s - "$work/$4" && echo same; }
comesTrue "a consumer that breaks on the new value: Failed, and says so" 120 failedWith picky 'rolled back, nothing revoked'
expect "and the old value is back" same "$(stays "$run" picky token picky)"
pickyRuns() { kubectl rollout status deploy/picky -n "$run" --timeout=1s; }
comesTrue "and the consumer runs with it" 30 pickyRuns

says() {  # NAME SECRET TEXT
  local message; message=$(statusOf "$run" "$2" .message)
  if [[ $message == *$3* ]]; then report ok "$1"; else report FAILED "$1" "$message"; fi
}
says "AWS: another user's access key is refused" forged-aws IdentityMismatch
expect "AWS: and works as before" arn:aws:iam::123456789012:user/stranger "$(aws "$run" stranger)"
says "AWS: a user with two access keys is left alone" archive-aws 'two access keys already'
expect "AWS: and has two" 2 "$(aws "$run" administrator archive)"
comesTrue "AWS: rotated when it is back" 120 finished uploads-aws
pairOf "$run" uploads-aws uploads-now
expect "AWS: the new key works" 'arn:aws:iam::123456789012:user/uploads' "$(aws "$run" uploads-now)"
expect "AWS: the old key is refused" InvalidClientTokenId "$(aws "$run" uploads)"
expect "AWS: the user has one access key" 1 "$(aws "$run" administrator uploads)"

# --- a literal ---------------------------------------------------------------------------------------

literal=$(statusOf "$run" open '"\(.outcome): \(.message)"')
if [[ $literal == *NeedsExternalAction*'containers[0].env[0].value'*valueFrom.secretKeyRef*Git* ]]; then report ok "a literal: NeedsExternalAction, with the place and the change for Git"
else report FAILED "a literal: NeedsExternalAction, with the place and the change for Git" "$literal"; fi
event=$(kubectl get events.events.k8s.io -n "$run" -o json | jq -r '[.items[] | select(.reason == "NeedsExternalAction" and .regarding.name == "open") | .note][0] // "none"')
if [[ $event == *'containers[0].env[0].value'* ]]; then report ok "and an Event says so"; else report FAILED "and an Event says so" "$event"; fi

# --- no value anywhere -------------------------------------------------------------------------------

cut -d: -f2 "$work/uploads-now" | tr -d '\n' | keep uploads-now-secret
values=()
for each in superuser orders orders-now picky robot robot-now literal administrator-secret uploads-secret \
  uploads-now-secret archive-secret stranger-secret; do values+=("$work/$each"); done
if answer=$("$lib/leaks" "${values[@]}"); then report ok "no value is in what Firebreak says: $answer"
else report FAILED 'no value is in what Firebreak says' "$answer"; fi
# The server logs statements that fail, and here each: a verifier, and no password.
serverLog=$(kubectl logs -n "$run" deploy/db --tail=-1)
expect 'PostgreSQL: the server was told a verifier' yes "$([[ $serverLog == *'ALTER ROLE'*SCRAM-SHA-256* ]] && echo yes)"
expect 'PostgreSQL: and never the new password' '' "$(grep -cFf "$work/orders-now" <<<"$serverLog" | grep -v '^0$')"

verdict
