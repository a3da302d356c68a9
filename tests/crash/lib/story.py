"""What stories are made of: pods and policies to play them with, and what is waited for."""

import dataclasses
import os
import time
from typing import Callable

POOL = f"crash-pool-{os.getpid()}"  # the namespace of what all trials share


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
    """`until` holds and nothing was called for a while: then `act`."""
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
    # A service outside the API server: how its calls are counted (Operator's taps), what is left there
    # after these calls, as a tree, and what has to be.
    taps: Callable = tuple
    outside: Callable = None
    wanted: dict = None


# --- what the cluster holds ----------------------------------------------------------------------

def pod_spec(image, command, **more):
    container = {"name": "main", "image": image, "imagePullPolicy": "Never", "command": command,
                 "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}}}
    container.update(more)
    return {"automountServiceAccountToken": False, "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 0, "containers": [container]}


def deployment(name, spec, replicas=1):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name, "app.kubernetes.io/name": name}},
                                  "spec": spec}}}


def await_account(api, namespace):
    for _ in range(200):
        try:
            return api.request("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/default")
        except Exception:  # pylint: disable=broad-except
            time.sleep(0.05)
    raise RuntimeError(f"namespace {namespace} has no ServiceAccount")


def pods_run(pods, count):
    return len(pods) == count and all(
        pod["status"].get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")
        and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
        for pod in pods)


def workloads_ready(count):
    return lambda api, namespace: pods_run(api.list("pods", namespace), count)


# --- what Firebreak may do -----------------------------------------------------------------------

def policy(namespace, spec):
    off = {family: {"mode": "Disabled"} for family in ("dashboards", "secrets", "miners")}
    return {"apiVersion": "firebreak.dev/v1alpha1", "kind": "SecurityPolicy", "metadata": {"name": namespace},
            "spec": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                     "mode": "Audit", "limits": {"maxConcurrent": 50, "maxPerHour": 10000}, **off, **spec}}


# --- what is waited for --------------------------------------------------------------------------

def reaches(family, *phases):
    return lambda api, namespace: phase_is(api, namespace, family, *phases)


def then(family, action):
    return lambda api, namespace: decide(api, namespace, family, action)


def all_of(*conditions):
    return lambda api, namespace: all(each(api, namespace) for each in conditions)


def told(family, reason):
    """The journal says that this Event was written: the last thing that is done for a state."""
    def was_told(api, namespace):
        emitted = remediation(api, namespace, family).get("status", {}).get("eventsEmitted", [])
        return any(key.startswith(f"e1-{reason}") for key in emitted)
    return was_told


def rotated(api, namespace):
    return not any("-firebreak-" in each["metadata"]["name"] for each in api.list("secrets", namespace))
