"""The stories that are interrupted: what they need, what is waited for, what a person does."""

import base64
import os

import rotations
from story import (POOL, Scenario, Step, all_of, await_account, deployment, pod_spec, pods_run, policy,
                   reaches, remediation, rotated, then, told, workloads_ready)

__all__ = ["ALL", "POOL", "pool", "remediation"]

STANDINS = "localhost/e2e-standins:dev"
TOOLS = "localhost/e2e-tools:dev"


# --- what the cluster holds ----------------------------------------------------------------------

def pool(api):
    """What the miner stand-in talks to; made once, for all trials."""
    api.create("namespaces", "", {"metadata": {"name": POOL}})
    await_account(api, POOL)
    api.create("pods", POOL, {"metadata": {"name": "pool", "labels": {"app": "pool"}},
                              "spec": pod_spec(STANDINS, ["pool-standin"])})
    api.create("services", POOL, {"metadata": {"name": "pool"},
                                  "spec": {"selector": {"app": "pool"}, "ports": [{"port": 3333}]}})


def _prepare_miner(api, namespace):
    """A pod with a miner in it that a ReplicaSet takes for its own; the replacement is clean."""
    await_account(api, namespace)
    address = api.get("services", POOL, "pool")["spec"]["clusterIP"]
    command = ["miner-standin", "-o", f"stratum+tcp://{address}:3333", "-u", "wallet-of-nobody", "-p", "x",
               "--donate-level=1"]
    labels = {"app": "web", "tier": "front"}
    api.create("pods", namespace, {"metadata": {"name": "web-infected", "labels": labels},
                                   "spec": pod_spec(STANDINS, command)})
    api.create("replicasets", namespace, {
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
                 "template": {"metadata": {"labels": labels},
                              "spec": pod_spec(STANDINS, ["token-app"])}}})


def _miner_ready(api, namespace):
    pods = api.list("pods", namespace)
    sighted = {each["podUID"] for guard in api.list("nodeguards")
               for each in guard.get("status", {}).get("sightings", [])}
    return pods_run(pods, 2) and any(pod["metadata"]["uid"] in sighted for pod in pods)


_PAGE = "mkdir -p /tmp/w; echo '<title>Home - Mongo Express</title>' >/tmp/w/index.html; exec httpd -f -p 8081 -h /tmp/w"


def _console_objects(api, namespace, **more):
    await_account(api, namespace)
    spec = pod_spec(TOOLS, ["sh", "-c", _PAGE], ports=[{"containerPort": 8081}],
                    readinessProbe={"tcpSocket": {"port": 8081}, "periodSeconds": 1}, **more)
    console = deployment("console", spec)
    console["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = "mongo-express"
    api.create("deployments", namespace, console)
    api.create("services", namespace, {
        "metadata": {"name": "console"},
        "spec": {"type": "NodePort", "selector": {"app": "console"}, "ports": [{"name": "http", "port": 80, "targetPort": 8081}]}})


def _prepare_console(api, namespace):
    _console_objects(api, namespace)


def _prepare_rotation(api, namespace):
    await_account(api, namespace)
    value = base64.b64encode(base64.b64encode(os.urandom(24))).decode()
    api.create("secrets", namespace, {"metadata": {"name": "shared"}, "data": {"token": value, "user": "YWRtaW4="}})
    environment = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "shared", "key": "token"}}}]
    _console_objects(api, namespace, env=environment)
    api.create("deployments", namespace, deployment("consumer", pod_spec(STANDINS, ["token-app"], env=environment)))


# --- what Firebreak may do -----------------------------------------------------------------------

def _miner_policy(mode):
    return lambda namespace: policy(namespace, {
        "miners": {"mode": mode, "actions": ["Isolate", "CutConnections", "Drop"]}})


def _console_policy(on_delete):
    return lambda namespace: policy(namespace, {"onDelete": on_delete, "dashboards": {
        "mode": "Enforce", "actions": ["RestrictIngress", "Unpublish"],
        "probe": {"intervalSeconds": 3600, "timeoutSeconds": 1}}})


def _rotation_policy(keep):
    return lambda namespace: policy(namespace, {
        "dashboards": {"mode": "Audit", "probe": {"intervalSeconds": 3600, "timeoutSeconds": 1}},
        "secrets": {"mode": "Enforce", "keepPreviousSeconds": keep, "rotators": [
            {"name": "shared", "type": "Random", "namespace": namespace, "secret": "shared",
             "keys": ["token"], "random": {"nature": "SharedToken"}}]}})


# --- the stories ---------------------------------------------------------------------------------

_LOCKED = all_of(reaches("OpenDashboard", "Contained"), told("OpenDashboard", "remediationsucceeded"))
_UNLOCKED = all_of(reaches("OpenDashboard", "Reverted"), told("OpenDashboard", "remediationreverted"))


def _delete_policy(api, namespace):
    api.delete("securitypolicies", "", namespace)


def _policy_is_gone(api, namespace):
    return namespace not in [each["metadata"]["name"] for each in api.list("securitypolicies")]


def _publish_again(api, namespace):
    """As a person does it, or Git: the API server chooses another node port."""
    api.merge("services", namespace, "console", {"spec": {"type": "NodePort"}})


def _is_off(api, namespace):
    return api.get("services", namespace, "console")["spec"]["type"] == "ClusterIP"


ALL = [
    Scenario("miner", _prepare_miner, _miner_ready, _miner_policy("Enforce"), [
        Step("isolated", all_of(reaches("Miner", "Contained"), told("Miner", "remediationsucceeded"),
                                workloads_ready(3)), then("Miner", "Revert")),
        Step("reverted", all_of(reaches("Miner", "Reverted"), told("Miner", "remediationreverted"),
                                workloads_ready(2))),
    ]),
    Scenario("console", _prepare_console, workloads_ready(1), _console_policy("Keep"), [
        Step("locked", _LOCKED, then("OpenDashboard", "Revert")),
        Step("reverted", _UNLOCKED),
    ]),
    Scenario("ondelete", _prepare_console, workloads_ready(1), _console_policy("Revert"), [
        Step("locked", _LOCKED, _delete_policy),
        Step("unlocked", all_of(_UNLOCKED, _policy_is_gone)),
    ]),
    Scenario("drift", _prepare_console, workloads_ready(1), _console_policy("Keep"), [
        Step("locked", _LOCKED, _publish_again),
        Step("locked again", all_of(_LOCKED, _is_off, told("OpenDashboard", "driftdetected"))),
    ]),
    Scenario("rotation", _prepare_rotation, workloads_ready(2), _rotation_policy(1), [
        Step("rotated", all_of(reaches("ExposedSecret", "Contained"), told("ExposedSecret", "remediationsucceeded"),
                               told("OpenDashboard", "wouldremediate"), rotated, workloads_ready(2))),
    ]),
    Scenario("rollback", _prepare_rotation, workloads_ready(2), _rotation_policy(3600), [
        Step("rotated", all_of(reaches("ExposedSecret", "Contained"), told("ExposedSecret", "remediationsucceeded"),
                               told("OpenDashboard", "wouldremediate"), workloads_ready(2)),
             then("ExposedSecret", "Revert")),
        Step("reverted", all_of(reaches("ExposedSecret", "Reverted"), told("ExposedSecret", "remediationreverted"),
                                workloads_ready(2))),
    ]),
    Scenario("approve", _prepare_miner, _miner_ready, _miner_policy("Approve"), [
        Step("asked", all_of(reaches("Miner", "AwaitingApproval"), told("Miner", "approvalrequired")),
             then("Miner", "Approve")),
        Step("isolated", all_of(reaches("Miner", "Contained"), told("Miner", "remediationsucceeded"),
                                workloads_ready(3))),
    ]),
    *rotations.ALL,
]
