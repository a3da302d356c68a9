"""The stories that are interrupted: what they need, what is waited for, what a person does."""

import base64
import dataclasses
import os
from typing import Callable

STANDINS = "localhost/e2e-standins:dev"
TOOLS = "localhost/e2e-tools:dev"
POOL = f"crash-pool-{os.getpid()}"


def remediation(api, namespace, family):
    for each in api.list("remediations"):
        if each["spec"]["family"] == family and each["spec"]["targetRef"].get("namespace") == namespace:
            return each
    return {}


def phase_is(api, namespace, family, *phases):
    return remediation(api, namespace, family).get("status", {}).get("phase") in phases


def decide(api, namespace, family, action):
    known = remediation(api, namespace, family)
    decision = {"action": action, "by": api.user()}
    if action == "Approve":
        decision["planHash"] = known["status"]["planHash"]
    api.merge("remediations", "", known["metadata"]["name"], {"spec": {"decision": decision}})


@dataclasses.dataclass
class Step:
    """`until` holds and nothing was written for a while: then `act`."""
    name: str
    until: Callable
    act: Callable = None


@dataclasses.dataclass
class Scenario:
    name: str
    prepare: Callable
    ready: Callable
    policy: Callable
    steps: list


# --- what the cluster holds ----------------------------------------------------------------------

def _pod_spec(image, command, **more):
    container = {"name": "main", "image": image, "imagePullPolicy": "Never", "command": command,
                 "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}}}
    container.update(more)
    return {"automountServiceAccountToken": False, "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 0, "containers": [container]}


def _deployment(name, spec, replicas=1):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name, "app.kubernetes.io/name": name}},
                                  "spec": spec}}}


def pool(api):
    """What the miner stand-in talks to; made once, for all trials."""
    api.create("namespaces", "", {"metadata": {"name": POOL}})
    _await_account(api, POOL)
    api.create("pods", POOL, {"metadata": {"name": "pool", "labels": {"app": "pool"}},
                              "spec": _pod_spec(STANDINS, ["pool-standin"])})
    api.create("services", POOL, {"metadata": {"name": "pool"},
                                  "spec": {"selector": {"app": "pool"}, "ports": [{"port": 3333}]}})


def _await_account(api, namespace):
    import time
    for _ in range(200):
        try:
            return api.request("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/default")
        except Exception:  # pylint: disable=broad-except
            time.sleep(0.05)
    raise RuntimeError(f"namespace {namespace} has no ServiceAccount")


def _prepare_miner(api, namespace):
    """A pod with a miner in it that a ReplicaSet takes for its own; the replacement is clean."""
    _await_account(api, namespace)
    address = api.get("services", POOL, "pool")["spec"]["clusterIP"]
    command = ["miner-standin", "-o", f"stratum+tcp://{address}:3333", "-u", "wallet-of-nobody", "-p", "x",
               "--donate-level=1"]
    labels = {"app": "web", "tier": "front"}
    api.create("pods", namespace, {"metadata": {"name": "web-infected", "labels": labels},
                                   "spec": _pod_spec(STANDINS, command)})
    api.create("replicasets", namespace, {
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
                 "template": {"metadata": {"labels": labels},
                              "spec": _pod_spec(STANDINS, ["token-app"])}}})


def _miner_ready(api, namespace):
    pods = api.list("pods", namespace)
    sighted = {each["podUID"] for guard in api.list("nodeguards")
               for each in guard.get("status", {}).get("sightings", [])}
    return _pods_run(pods, 2) and any(pod["metadata"]["uid"] in sighted for pod in pods)


def _pods_run(pods, count):
    return len(pods) == count and all(
        pod["status"].get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")
        and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
        for pod in pods)


_PAGE = "mkdir -p /tmp/w; echo '<title>Home - Mongo Express</title>' >/tmp/w/index.html; exec httpd -f -p 8081 -h /tmp/w"


def _console_objects(api, namespace, **more):
    _await_account(api, namespace)
    spec = _pod_spec(TOOLS, ["sh", "-c", _PAGE], ports=[{"containerPort": 8081}],
                     readinessProbe={"tcpSocket": {"port": 8081}, "periodSeconds": 1}, **more)
    console = _deployment("console", spec)
    console["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = "mongo-express"
    api.create("deployments", namespace, console)
    api.create("services", namespace, {
        "metadata": {"name": "console"},
        "spec": {"type": "NodePort", "selector": {"app": "console"}, "ports": [{"name": "http", "port": 80, "targetPort": 8081}]}})


def _prepare_console(api, namespace):
    _console_objects(api, namespace)


def _prepare_rotation(api, namespace):
    _await_account(api, namespace)
    value = base64.b64encode(base64.b64encode(os.urandom(24))).decode()
    api.create("secrets", namespace, {"metadata": {"name": "shared"}, "data": {"token": value, "user": "YWRtaW4="}})
    environment = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "shared", "key": "token"}}}]
    _console_objects(api, namespace, env=environment)
    api.create("deployments", namespace, _deployment("consumer", _pod_spec(STANDINS, ["token-app"], env=environment)))


def _workloads_ready(count):
    return lambda api, namespace: _pods_run(api.list("pods", namespace), count)


# --- what Firebreak may do -----------------------------------------------------------------------

def _policy(namespace, spec):
    off = {family: {"mode": "Disabled"} for family in ("dashboards", "secrets", "miners")}
    return {"apiVersion": "firebreak.dev/v1alpha1", "kind": "SecurityPolicy", "metadata": {"name": namespace},
            "spec": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                     "mode": "Audit", "limits": {"maxConcurrent": 50, "maxPerHour": 10000}, **off, **spec}}


def _miner_policy(mode):
    return lambda namespace: _policy(namespace, {
        "miners": {"mode": mode, "actions": ["Isolate", "CutConnections", "Drop"]}})


def _console_policy(on_delete):
    return lambda namespace: _policy(namespace, {"onDelete": on_delete, "dashboards": {
        "mode": "Enforce", "actions": ["RestrictIngress", "Unpublish"],
        "probe": {"intervalSeconds": 3600, "timeoutSeconds": 1}}})


def _rotation_policy(keep):
    return lambda namespace: _policy(namespace, {
        "dashboards": {"mode": "Audit", "probe": {"intervalSeconds": 3600, "timeoutSeconds": 1}},
        "secrets": {"mode": "Enforce", "keepPreviousSeconds": keep, "rotators": [
            {"name": "shared", "type": "Random", "namespace": namespace, "secret": "shared",
             "keys": ["token"], "random": {"nature": "SharedToken"}}]}})


# --- the stories ---------------------------------------------------------------------------------

def _reaches(family, *phases):
    return lambda api, namespace: phase_is(api, namespace, family, *phases)


def _then(family, action):
    return lambda api, namespace: decide(api, namespace, family, action)


def _all(*conditions):
    return lambda api, namespace: all(each(api, namespace) for each in conditions)


def _told(family, reason):
    """The journal says that this Event was written: the last thing that is done for a state."""
    def told(api, namespace):
        emitted = remediation(api, namespace, family).get("status", {}).get("eventsEmitted", [])
        return any(key.startswith(f"e1-{reason}") for key in emitted)
    return told


def _rotated(api, namespace):
    return not any("-firebreak-" in each["metadata"]["name"] for each in api.list("secrets", namespace))


_LOCKED = _all(_reaches("OpenDashboard", "Contained"), _told("OpenDashboard", "remediationsucceeded"))
_UNLOCKED = _all(_reaches("OpenDashboard", "Reverted"), _told("OpenDashboard", "remediationreverted"))


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
        Step("isolated", _all(_reaches("Miner", "Contained"), _told("Miner", "remediationsucceeded"),
                              _workloads_ready(3)), _then("Miner", "Revert")),
        Step("reverted", _all(_reaches("Miner", "Reverted"), _told("Miner", "remediationreverted"),
                              _workloads_ready(2))),
    ]),
    Scenario("console", _prepare_console, _workloads_ready(1), _console_policy("Keep"), [
        Step("locked", _LOCKED, _then("OpenDashboard", "Revert")),
        Step("reverted", _UNLOCKED),
    ]),
    Scenario("ondelete", _prepare_console, _workloads_ready(1), _console_policy("Revert"), [
        Step("locked", _LOCKED, _delete_policy),
        Step("unlocked", _all(_UNLOCKED, _policy_is_gone)),
    ]),
    Scenario("drift", _prepare_console, _workloads_ready(1), _console_policy("Keep"), [
        Step("locked", _LOCKED, _publish_again),
        Step("locked again", _all(_LOCKED, _is_off, _told("OpenDashboard", "driftdetected"))),
    ]),
    Scenario("rotation", _prepare_rotation, _workloads_ready(2), _rotation_policy(1), [
        Step("rotated", _all(_reaches("ExposedSecret", "Contained"), _told("ExposedSecret", "remediationsucceeded"),
                             _told("OpenDashboard", "wouldremediate"), _rotated, _workloads_ready(2))),
    ]),
    Scenario("rollback", _prepare_rotation, _workloads_ready(2), _rotation_policy(3600), [
        Step("rotated", _all(_reaches("ExposedSecret", "Contained"), _told("ExposedSecret", "remediationsucceeded"),
                             _told("OpenDashboard", "wouldremediate"), _workloads_ready(2)),
             _then("ExposedSecret", "Revert")),
        Step("reverted", _all(_reaches("ExposedSecret", "Reverted"), _told("ExposedSecret", "remediationreverted"),
                              _workloads_ready(2))),
    ]),
    Scenario("approve", _prepare_miner, _miner_ready, _miner_policy("Approve"), [
        Step("asked", _all(_reaches("Miner", "AwaitingApproval"), _told("Miner", "approvalrequired")),
             _then("Miner", "Approve")),
        Step("isolated", _all(_reaches("Miner", "Contained"), _told("Miner", "remediationsucceeded"),
                              _workloads_ready(3))),
    ]),
]
