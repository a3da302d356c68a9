# Sourced after cases.sh and targets.sh: a database, an application on it, an AWS emulator, and Secrets that
# open them. Values are made here, go from file to file (0600, in $work), and are never arguments.
# shellcheck shell=bash
# shellcheck disable=SC2154  # work comes from cases.sh

SERVICES=localhost/e2e-services:dev

randomValue() { head -c 18 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }

# keep FILE: stdin into $work/FILE, for this user alone.
keep() { (umask 077 && cat >"$work/$1"); }

# secretFrom NAMESPACE NAME KEY=FILE...: a Secret of files in $work.
secretFrom() {
  local namespace=$1 name=$2 each arguments=()
  shift 2
  for each; do arguments+=("--from-file=${each%%=*}=$work/${each#*=}"); done
  must create secret generic "$name" -n "$namespace" "${arguments[@]}"
}
markExposed() { must annotate secret "$2" -n "$1" 'firebreak.dev/exposed=pasted into a ticket'; }  # NAMESPACE NAME

# serverManifest NAME NAMESPACE PORT SCRIPT: a Deployment of one pod and its Service.
serverManifest() {
  cat <<E
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1, namespace: $2}
spec:
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      volumes: [{name: start, secret: {secretName: $1-start, optional: true}}]
      containers:
      - name: main
        image: $SERVICES
        imagePullPolicy: Never
        command: [sh, "$4"]
        ports: [{containerPort: $3}]
        volumeMounts: [{name: start, mountPath: /start}]
        readinessProbe: {tcpSocket: {port: $3}, periodSeconds: 1}
        resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 512Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: $1, namespace: $2}
spec: {selector: {app: $1}, ports: [{port: $3}]}
E
}

# database NAMESPACE: PostgreSQL with SCRAM, whose superuser's password is in the file superuser.
database() {
  serverManifest db "$1" 5432 /opt/app/database.sh | applied
}
# sql NAMESPACE USER FILE-WITH-PASSWORD STATEMENT [DATABASE]: by TCP, as that user.
sql() {
  { cat "$work/$3"; echo; printf '%s\n' "$4"; } |
    kubectl exec -i -n "$1" deploy/db -- sh -c \
      'read -r PGPASSWORD; export PGPASSWORD; exec psql -qtA -v ON_ERROR_STOP=1 -h db -U "$0" -d "$1" -f -' \
      "$2" "${5:-orders}" 2>&1
}

# emulator NAMESPACE: IAM and STS.
emulator() {
  serverManifest cloud "$1" 5000 /opt/app/emulator.sh | applied
}
# aws NAMESPACE PAIR-FILE [USER]: who that pair is for the emulator, or how many keys the user has.
aws() { kubectl exec -i -n "$1" deploy/cloud -- env AWS_URL=http://127.0.0.1:5000 python3 /opt/app/aws-ask.py "${@:3}" <"$work/$2"; }

# pairOf NAMESPACE SECRET FILE: the pair that the Secret holds now, as id:secret.
pairOf() {
  kubectl get secret "$2" -n "$1" -o json |
    jq -rj '.data | "\(.AWS_ACCESS_KEY_ID | @base64d):\(.AWS_SECRET_ACCESS_KEY | @base64d)"' | keep "$3"
}
valueOf() { kubectl get secret "$2" -n "$1" -o json | jq -rj --arg key "$3" '.data[$key] | @base64d'; }  # NAMESPACE SECRET KEY

# orders NAMESPACE: an application of two pods that takes user and password from Secret orders-db.
orders() {
  applied <<E
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: $1}
spec:
  replicas: 2
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false  # they would say DB_PORT=tcp://...
      containers:
      - name: main
        image: $SERVICES
        imagePullPolicy: Never
        command: [python3, /opt/app/orders-app.py]
        env:
        - {name: DB_HOST, value: db}
        - {name: DB_USER, valueFrom: {secretKeyRef: {name: orders-db, key: username}}}
        - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: orders-db, key: password}}}
        ports: [{containerPort: 8080}]
        # Whoever was sent here before the Service knew is still served.
        lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1, timeoutSeconds: 3}
        resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 256Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: $1}
spec: {selector: {app: orders}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: load, namespace: $1}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: $SERVICES
    imagePullPolicy: Never
    command: [python3, /opt/app/load.py, "http://orders/"]
    resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 128Mi}}
E
}

# picky NAMESPACE: an application that runs with the value of Secret picky it was made with, and no other.
picky() {
  local digest
  digest=$(sha256sum <"$work/picky" | cut -d' ' -f1)
  applied <<E
apiVersion: apps/v1
kind: Deployment
metadata: {name: picky, namespace: $1}
spec:
  progressDeadlineSeconds: 8
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector: {matchLabels: {app: picky}}
  template:
    metadata: {labels: {app: picky}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      volumes: [{name: value, secret: {secretName: picky}}]
      containers:
      - name: main
        image: $SERVICES
        imagePullPolicy: Never
        command: [sh, -ec, 'echo "$digest  /value/token" | sha256sum -c -; exec sleep infinity']
        volumeMounts: [{name: value, mountPath: /value}]
        resources: {requests: {cpu: 5m, memory: 8Mi}, limits: {memory: 32Mi}}
E
}
