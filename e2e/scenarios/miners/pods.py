#!/usr/bin/env python3
"""pods.py PREFIX POOL WHAT: a List of manifests for kubectl (innocents, batch-N of the stand-ins), the names of
stand-ins (names, names-N) or the number of batches (batches).

The stand-ins have the shape of a miner and compute nothing; their pool is POOL (ADDRESS:PORT, in the cluster).
The innocents have something of a miner's shape and are none. Each is spread over the namespaces PREFIX-1 ...
PREFIX-5, since a namespace keeps at most ten pods in quarantine."""

import base64
import json
import sys

PREFIX, POOL, WHAT = sys.argv[1:4]
HOST, PORT = POOL.split(":")
IMAGE = "localhost/e2e-standins:dev"
REAL = "/bin/shape-standin"
# A Monero address with a valid checksum that belongs to nobody: its keys were never made.
WALLET = "4BCoWHUQxnRNK7bMopBmSRTEyhYwB7EtKjXS93tESNRD3X7QDtUBXTvjfjCYUEGYVZJFMpfCsQe6uCF6qCnkLBmc8by7NYd"
CONFIG = json.dumps({"autosave": True, "cpu": {"enabled": True, "max-threads-hint": 10},
                     "pools": [{"algo": "rx/0", "url": POOL, "user": WALLET, "pass": "x", "tls": False}]})
LINE = f"{REAL} -o stratum+tcp://{POOL} -u {WALLET} -p x"
ENCODED = base64.b64encode(LINE.encode()).decode()
MINER = "memory=2336,code,threads=4,cpu=12,peer=" + POOL


def sh(line):
    return ["sh", "-c", line]


def way(name):
    return ["launch", name, POOL]


# name: (kind, command, more): more is env, shape, config (a mounted file), sidecar, init, pod (fields of the spec).
STANDINS = {
    # What the pod's own words say.
    "plain-url": ("Deployment", LINE.split(), {}),
    "throttled": ("Deployment", [*LINE.split(), "--cpu-max-threads-hint=10", "--cpu-priority=0"], {}),
    "tls-443": ("Deployment", [REAL, "-o", f"stratum+ssl://{HOST}:443", "-u", WALLET, "--tls"], {}),
    "private-proxy": ("Deployment", [REAL, "-o", POOL, "-u", "site-7", "-p", "x", "--algo", "rx/0", "--donate-level=1"], {}),
    "socks-proxy": ("Deployment", [REAL, "-o", f"stratum+tcp://{POOL}", "-x", "127.0.0.1:9050", "-u", WALLET], {}),
    "shell-quoted": ("Deployment", sh(f"exec {REAL} -o 'stra''tum+tcp://{POOL}' -u {WALLET} -p x"), {}),
    "shell-variable": ("Deployment", sh(f'P=stratum; exec {REAL} -o "$P+tcp://{POOL}" -u {WALLET}'), {}),
    "base64-eval": ("Deployment", sh(f'eval "$(echo {ENCODED} | base64 -d)"'), {}),
    "base64-piped": ("Deployment", sh(f"echo {ENCODED} | base64 -d | sh"), {}),
    "heredoc-config": ("Deployment", sh(f"cat > /tmp/app.json <<'EOF'\n{CONFIG}\nEOF\nexec {REAL} -c /tmp/app.json"), {}),
    "env-wallet": ("Deployment", [REAL, "-o", f"stratum+tcp://{POOL}", "-u", "$(ACCOUNT)", "-p", "x"], {"env": {"ACCOUNT": WALLET}}),
    "env-command": ("Deployment", sh("exec $START"), {"env": {"START": LINE}}),
    "configmap": ("Deployment", [REAL, "-c", "/config/config.json"], {"config": CONFIG}),
    "configmap-script": ("Deployment", ["sh", "/config/config.json"], {"config": f"#!/bin/sh\nexec {LINE}\n"}),
    "background": ("Deployment", sh(f"setsid {LINE} & sleep infinity"), {}),
    "respawned": ("Deployment", sh(f"while true; do {LINE}; sleep 5; done"), {}),
    "ethash": ("Deployment", [REAL, "--ethash", "-P", f"stratum1+tcp://0x52908400098527886E0F7030069857D2E4169EE7.w@{POOL}"], {}),
    "yespower": ("Deployment", [REAL, "-a", "yespower", "-o", f"stratum+tcp://{POOL}", "-u", "w", "-p", "c=X", "-t", "1"], {}),
    "gpu-pool": ("Deployment", [REAL, "--algo", "KAWPOW", "--pool", f"stratum+tcp://{POOL}", "--user", "w.rig0"], {}),
    "statefulset": ("StatefulSet", LINE.split(), {}),
    "daemonset": ("DaemonSet", LINE.split(), {}),
    "job": ("Job", LINE.split(), {}),
    "cronjob": ("CronJob", LINE.split(), {}),
    "bare-pod": ("Pod", LINE.split(), {}),
    "host-network": ("Deployment", LINE.split(), {"pod": {"hostNetwork": True}}),
    "init-container": ("Deployment", ["sleep", "infinity"], {"init": LINE.split()}),
    "sidecar": ("Deployment", ["sleep", "infinity"], {"sidecar": LINE.split()}),
    # What only the node sees.
    "hidden-plain": ("Deployment", way("plain"), {}),
    "hidden-renamed": ("Deployment", way("renamed"), {}),
    "hidden-kernel-name": ("Deployment", way("kernel-name"), {}),
    "hidden-tls": ("Deployment", way("tls"), {}),
    "hidden-rpc": ("Deployment", way("rpc"), {}),
    "hidden-deleted": ("Deployment", way("deleted"), {}),
    "hidden-in-memory": ("Deployment", way("in-memory"), {}),
    "hidden-child": ("Deployment", way("child"), {}),
    "hidden-detached": ("Deployment", way("detached"), {}),
    "hidden-later": ("Deployment", way("later"), {}),
    "hidden-named": ("Deployment", way("named"), {}),
    "hidden-sidecar": ("Deployment", ["sleep", "infinity"], {"sidecar": way("renamed")}),
    "hidden-daemonset": ("DaemonSet", way("plain"), {}),
    # What only its behaviour says: memory, processor and a quiet flow, no word of a miner anywhere.
    "behaviour": ("Deployment", way("quiet"), {"shape": MINER}),
    "behaviour-dataset-only": ("Deployment", way("quiet"), {"shape": MINER.replace("2336", "2080")}),
}

INNOCENTS = {
    "adminer": (["php", "-S", "[::]:8080", "-t", "/var/www/html"], ""),
    "pod-named-xmrig": (["sleep", "infinity"], ""),
    "geth-node": (["geth", "--http", "--syncmode=snap", "--miner.gaslimit=30000000"], "memory=1500,threads=8,cpu=1,peers=8,peer=" + POOL),
    "monerod": (["monerod", "--non-interactive", "--no-igd", "--rpc-bind-ip=0.0.0.0"], "memory=1024,threads=8,cpu=1,peers=6,peer=" + POOL),
    "large-heap": (["java", "-Xmx2300m", "-jar", "/app/shop.jar"], "memory=2350,threads=40,burst=1,code,peers=6,peer=" + POOL),
    "large-heap-idle": (["java", "-Xms2336m", "-Xmx2336m", "-jar", "/app/batch.jar"], "memory=2336,threads=30,code"),
    "postgres": (["postgres", "-D", "/var/lib/postgresql/data"], "memory=2080,threads=1,burst=1,peer=" + POOL),
    "redis": (["redis-server", "*:6379"], "memory=256,threads=4,cpu=1,peers=2,peer=" + POOL),
    "compile-farm": (["cc1plus", "-O2", "-quiet", "main.cc"], "threads=2,burst=12"),
    "video-encoder": (["ffmpeg", "-i", "in.mkv", "-c:v", "libx264", "out.mp4"], "memory=900,threads=8,cpu=12"),
    "matrix-loop": (["python3", "train.py", "--epochs=40"], "memory=2200,threads=8,cpu=11"),
    "load-generator": (["k6", "run", "/scripts/test.js", "--vus=50"], "threads=6,cpu=1,peers=40,peer=" + POOL),
    "monitoring-agent": (["node_exporter", "--path.rootfs=/host"], "threads=5,burst=1"),
    "log-shipper": (["fluent-bit", "-c", "/fluent-bit/etc/fluent-bit.conf"], "threads=3,peer=" + POOL),
    "message-queue": (["beam.smp", "-W", "w", "-K", "true"], "memory=512,threads=20,burst=1,peers=3,peer=" + POOL),
    "wasm-runtime": (["wasmtime", "run", "app.wasm"], "memory=4096,code,threads=4,cpu=1"),
    "randomx-tests": (["randomx-tests"], "memory=2336,threads=4,cpu=1"),
    "vpn-client": (["openvpn", "--config", "/etc/openvpn/client.conf"], "peer=" + POOL),
    "browser-worker": (["chromium", "--headless", "--disable-gpu"], "memory=3000,code,threads=20,burst=1,peers=4,peer=" + POOL),
    "ml-server": (["tritonserver", "--model-repository=/models"], "memory=2300,threads=16,burst=1,peers=4,peer=" + POOL),
    "search-engine": (["java", "-Xms1g", "org.elasticsearch.bootstrap.Elasticsearch"], "memory=1100,threads=50,burst=1,code,peers=5,peer=" + POOL),
    "stratum-documentation": (["httpd", "-f", "-p", "8080"], ""),
    "pool-of-threads": (["gunicorn", "--worker-class", "gthread", "--threads", "8", "app:app"], "threads=8,burst=1"),
    "data-mining": (["python3", "miner.py", "--algorithm", "apriori", "--input", "baskets.csv"], "memory=300,cpu=1"),
    "process-mining": (["java", "-jar", "process-miner.jar", "--log", "events.xes"], "memory=600,burst=1,code"),
    "text-miner": (["text-miner", "-o", "out.csv", "-u", "reader", "-p", "8080"], "cpu=1"),
    "ssh-tunnel": (["ssh", "-N", "-L", "3333:db:5432", "deploy@bastion"], "peer=" + POOL),
    "cache-warmer": (["warm", "-o", "http://shop:8080/", "-t", "4"], "threads=4,burst=1,peers=4,peer=" + POOL),
    "crypto-library": (["openssl", "speed", "-multi", "2", "sha256"], "threads=2,cpu=12"),
    "password-hasher": (["argon2", "salt", "-m", "18", "-t", "3"], "memory=256,cpu=1"),
    "renamed-by-runtime": (["nginx: worker process"], "memory=64"),
    "kernel-build": (["make", "-j2", "bzImage"], "burst=1"),
    "backup": (["restic", "backup", "/data", "--limit-upload=20"], "memory=400,threads=6,cpu=1,peer=" + POOL),
    "torrent-seeder": (["transmission-daemon", "-f"], "threads=4,peers=30,peer=" + POOL),
    "game-server": (["srcds_linux", "-game", "tf", "+maxplayers", "24"], "memory=1800,threads=8,cpu=1,peers=12,peer=" + POOL),
    "simulation": (["mpirun", "-np", "2", "./lammps", "-in", "in.melt"], "memory=2100,threads=2,cpu=12"),
    "ci-runner": (["gitlab-runner", "run", "--working-directory=/builds"], "threads=8,burst=1,peer=" + POOL),
    "prometheus": (["prometheus", "--config.file=/etc/prometheus/prometheus.yml"], "memory=2000,threads=10,burst=1,peers=12,peer=" + POOL),
    "wallet-service": (["node", "wallet.js", "--network", "mainnet", "--donate"], "memory=500,threads=11,burst=1,code,peers=2,peer=" + POOL),
    "blockchain-indexer": (["indexer", "--rpc", "http://geth:8545", "--pool-size", "10"], "memory=700,threads=6,burst=1,peers=2,peer=" + POOL),
}
INNOCENTS_PER_POD = 5
PER_BATCH = 7


def container(name, command, shape="", env=None, mounts=()):
    variables = {"SHAPE": shape, **(env or {})} if shape or env else {}
    return {"name": name, "image": IMAGE, "imagePullPolicy": "Never", "command": command,
            "env": [{"name": key, "value": value} for key, value in variables.items()],
            "volumeMounts": [{"name": "memory", "mountPath": "/mem"}, *mounts],
            "resources": {"requests": {"cpu": "1m", "memory": "4Mi"}, "limits": {"cpu": "300m", "memory": "64Mi"}}}


def pod_spec(containers, init=(), volumes=(), **more):
    return {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0,
            "containers": list(containers), "initContainers": list(init),
            "volumes": [{"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}, *volumes], **more}


def wrap(kind, name, namespace, spec):
    meta = {"name": name, "namespace": namespace}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    selector = {"matchLabels": labels}
    once = {**spec, "restartPolicy": "Never"}
    job = {"backoffLimit": 0, "template": {"metadata": {"labels": labels}, "spec": once}}
    kinds = {
        "Pod": ("v1", None, {"metadata": {**meta, "labels": labels}, "spec": spec}),
        "Deployment": ("apps/v1", {"replicas": 1, "selector": selector, "template": template}, {}),
        "DaemonSet": ("apps/v1", {"selector": selector, "template": template}, {}),
        "StatefulSet": ("apps/v1", {"serviceName": name, "replicas": 1, "selector": selector, "template": template}, {}),
        "Job": ("batch/v1", job, {}),
        "CronJob": ("batch/v1", {"schedule": "* * * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": job}}, {}),
    }
    version, inner, whole = kinds[kind]
    return {"apiVersion": version, "kind": kind, "metadata": meta, **({"spec": inner} if inner else {}), **whole}


def batch(number):
    """The stand-ins of a batch, each with its place in the whole; without a number all of them."""
    whole = list(enumerate(STANDINS.items()))
    return whole if number is None else whole[number * PER_BATCH:(number + 1) * PER_BATCH]


def standins(number):
    for index, (name, (kind, command, more)) in batch(number):
        namespace = f"{PREFIX}-{index % 5 + 1}"
        shape = more.get("shape", "peer=" + POOL)
        mounts, volumes = [], []
        if "config" in more:
            yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
                   "data": {"config.json": more["config"]}}
            mounts = [{"name": "config", "mountPath": "/config"}]
            volumes = [{"name": "config", "configMap": {"name": name}}]
        containers = [container("main", command, shape, more.get("env"), mounts)]
        if name.startswith("behaviour"):
            containers[0]["resources"]["requests"]["cpu"] = "150m"  # nothing but its load shows it
        if "sidecar" in more:
            containers.append(container("agent", more["sidecar"], shape))
        init = [container("set-up", more["init"], shape)] if "init" in more else []
        yield wrap(kind, name, namespace, pod_spec(containers, init, volumes, **more.get("pod", {})))


def innocents():
    names = list(INNOCENTS)
    for index in range(0, len(names), INNOCENTS_PER_POD):
        group = names[index:index + INNOCENTS_PER_POD]
        containers = []
        for name in group:
            command, shape = INNOCENTS[name]
            quoted = " ".join("'" + word + "'" for word in command[1:])
            containers.append(container(name, sh(f"exec -a '{command[0]}' {REAL} {quoted}"), shape or "threads=1"))
        number = index // INNOCENTS_PER_POD
        yield wrap("Deployment", f"innocents-{number + 1}", f"{PREFIX}-{number % 5 + 1}", pod_spec(containers))


def main():
    what, _, number = WHAT.partition("-")
    number = int(number) if number else None
    if what == "batches":
        print(-(-len(STANDINS) // PER_BATCH))
    elif what == "names":
        for index, (name, _) in batch(number):
            print(f"{PREFIX}-{index % 5 + 1}", name)
    else:
        items = {"batch": lambda: standins(number), "innocents": innocents}[what]()
        json.dump({"apiVersion": "v1", "kind": "List", "items": list(items)}, sys.stdout)


if __name__ == "__main__":
    main()
