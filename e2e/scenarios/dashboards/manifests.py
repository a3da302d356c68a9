#!/usr/bin/env python3
"""manifests.py NAMESPACE pods|services|control|data|locked|traps [KUBECTL-FOLDER]: what scenario 60 runs.

`pods` and `services` are Lists for kubectl; the others print one line per console of that kind:
NAME PORT PATH TEXT, the Service's name, the console's pod port, and what an open one answers to what.
Without KUBECTL-FOLDER (on a node) kubectl proxy is left out."""

import json
import sys

from consoles import CONSOLES, TRAPS

NAMESPACE, WHAT = sys.argv[1:3]
KUBECTL = sys.argv[3] if len(sys.argv) > 3 else ""
OTHER = 8099  # the port of each pod that is no console
# No cluster's: documentation addresses. The scenario counts packets to anything like them.
OUTSIDE = "198.51.100.7"


def forms():
    """(name of pod and Service, console, open?, kind)"""
    for name, console in CONSOLES.items():
        if name == "kubectl-proxy" and not KUBECTL:
            continue
        yield f"{name}-open", console, True, console.grants
        if console.locked:
            yield f"{name}-locked", console, False, "locked"
    for name, trap in TRAPS.items():
        yield name, trap, True, "traps"


def labels(name, console):
    return {"app": name, **({"app.kubernetes.io/name": console.product} if console.product else {})}


def files(name, console, is_open):
    """The ConfigMap that holds them, and how they are mounted."""
    texts = {**console.files, **(console.open_files if is_open else console.locked_files)}
    keys = {path: path.strip("/").replace("/", "_") for path in texts}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
              "data": {keys[path]: text for path, text in texts.items()}}
    return config, [{"name": "files", "mountPath": path, "subPath": keys[path]} for path in texts]


def container(name, console, command, ready, env, mounts):
    made = {"name": name, "image": console.image, "imagePullPolicy": "Never", "command": command,
            "env": [{"name": key, "value": value} for key, value in env.items()],
            "volumeMounts": [*mounts, {"name": "tmp", "mountPath": "/tmp"}],
            "resources": {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "768Mi"}}}
    if ready:
        made["readinessProbe"] = {"tcpSocket": {"port": ready}, "periodSeconds": 1, "timeoutSeconds": 5}
    return made


def deployment(name, console, is_open):
    config, mounts = files(name, console, is_open)
    env = {**console.env, **(console.open_env if is_open else console.locked_env)}
    volumes = [{"name": "tmp", "emptyDir": {}}, {"name": "files", "configMap": {"name": name}}]
    if console.product != "kubectl" and console.open[0].startswith("/kubectl/"):
        mounts = [*mounts, {"name": "kubectl", "mountPath": "/kubectl", "readOnly": True}]
        volumes.append({"name": "kubectl", "hostPath": {"path": KUBECTL}})
    containers = [container("console", console, console.open if is_open else console.locked, console.port, env, mounts)]
    for number, (command, ready) in enumerate(console.beside):
        if is_open:
            containers.append(container(f"beside-{number}", console, command, ready, env, mounts))
    containers.append({
        "name": "other", "image": "localhost/e2e-standins:dev", "imagePullPolicy": "Never",
        "command": ["httpd", "-f", "-p", str(OTHER), "-h", "/www"],
        "readinessProbe": {"tcpSocket": {"port": OTHER}, "periodSeconds": 2},
        "volumeMounts": [{"name": "other", "mountPath": "/www"}]})
    volumes.append({"name": "other", "configMap": {"name": "other"}})
    spec = {"containers": containers, "volumes": volumes, "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": bool(console.account),
            "securityContext": {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}}
    if console.account:
        # The locked kubectl proxy is one whose account may do nothing.
        spec["serviceAccountName"] = console.account if is_open else "nobody"
    return [config, {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "strategy": {"type": "Recreate"},
                 "template": {"metadata": {"labels": labels(name, console)}, "spec": spec}}}]


def service(name, console):
    ports = {"console": console.port, **console.ports}
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "labels": {"app": name}, "annotations": {"example.com/owner": "team"}},
            "spec": {"type": "NodePort", "selector": {"app": name},
                     "ports": [{"name": key, "port": 80 if key == "console" else port, "targetPort": port}
                               for key, port in ports.items()]}}


def leading_out():
    """Services that lead, or seem to, to no address of this cluster."""
    def named(name, spec):
        return {"apiVersion": "v1", "kind": "Service", "spec": spec,
                "metadata": {"name": name, "labels": {"app.kubernetes.io/name": "jupyter"}}}
    port = {"name": "console", "port": 8888}
    yield named("out-name", {"type": "ExternalName", "externalName": "jupyter.e2e.invalid", "ports": [port]})
    yield named("out-loopback", {"type": "ExternalName", "externalName": "localhost", "ports": [port]})
    yield named("out-metadata", {"type": "ExternalName", "externalName": "169.254.169.254", "ports": [port]})
    yield named("out-address", {"type": "NodePort", "ports": [port]})
    yield {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
           "metadata": {"name": "out-address", "labels": {"kubernetes.io/service-name": "out-address"}},
           "endpoints": [{"addresses": [OUTSIDE]}], "ports": [{"name": "console", "port": 8888}]}
    # Its pods are a locked console; the address is nobody's node.
    yield named("out-external-ip", {"selector": {"app": "jupyter-locked"}, "externalIPs": ["198.51.100.9"],
                                    "ports": [{**port, "targetPort": 8888}]})


def listed(items):
    items = list(items)
    for item in items:
        item["metadata"]["namespace"] = NAMESPACE
    json.dump({"apiVersion": "v1", "kind": "List", "items": items}, sys.stdout)


if WHAT == "pods":
    listed([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"},
             "data": {"index.html": "served\n", "app": "served\n"}},
            *({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}} for name in ("looker", "nobody")),
            *(made for name, console, is_open, _ in forms() for made in deployment(name, console, is_open))])
elif WHAT == "services":
    # RabbitMQ's own port, which asks, is published beside the one that does not.
    own = service("rabbitmq-open", CONSOLES["rabbitmq"])
    own["metadata"]["name"] = "rabbitmq-locked"
    own["spec"]["ports"] = [{"name": "console", "port": 80, "targetPort": 15672}]
    listed([*(service(name, console) for name, console, _, _ in forms()), own, *leading_out()])
else:
    for name, console, _, kind in forms():
        if kind == WHAT:
            print(name, console.port, console.ask, console.says)
    if WHAT == "locked":
        print("rabbitmq-locked 15672 /api/overview management_version")
    if WHAT == "traps":
        for item in leading_out():
            if item["kind"] == "Service":
                print(item["metadata"]["name"], 8888, "/", "-")
