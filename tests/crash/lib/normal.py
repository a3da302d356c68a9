"""A cluster state without what differs from run to run: uids, times, versions, random names and values."""

import base64
import hashlib
import json
import re

_RULES = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"\b(firebreak-(?:quarantine|lock))-[0-9a-f]{8,16}\b"), r"\1-<hex>"),
    (re.compile(r"\b(open-dashboard|exposed-secret|miner)(-[a-z0-9-]+?)-[0-9a-f]{16}\b"), r"\1\2-<tag>"),
    (re.compile(r"-firebreak-[0-9a-f]{8}\b"), "-firebreak-<hex>"),
    (re.compile(r"\bq-[0-9a-f]{16}\b"), "<order>"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "<hash>"),
    (re.compile(r"(approvalrequired-|plan )[0-9a-f]{8,64}\b"), r"\1<hash>"),
    # The template's hash is a number of 32 bits in letters: seldom as short as five.
    (re.compile(r"\b(web|console|consumer)-[a-z0-9]{4,10}-[a-z0-9]{5}\b"), r"\1-<pod>"),
    (re.compile(r"\b(web|console|consumer)-(?!infected)[a-z0-9]{5}\b"), r"\1-<pod>"),
    # A success names what was proven when it was told: with what was given up a second later, or without.
    (re.compile(r"(are ready); .*$"), r"\1"),
    (re.compile(r"\b\d+\.\d+\.\d+\.\d+(:\d+)?\b"), "<address>"),
    # The probe tries whom the pod was talking to when its connections were cut, and the API server.
    (re.compile(r"<address>(, <address>)+"), "<address>"),
)


def text(value, namespace):
    value = value.replace(namespace, "<ns>")
    for pattern, mark in _RULES:
        value = pattern.sub(mark, value)
    return value


def tree(value, namespace):
    if isinstance(value, dict):
        return {text(key, namespace): tree(each, namespace) for key, each in sorted(value.items())}
    if isinstance(value, list):
        return [tree(each, namespace) for each in value]
    return text(value, namespace) if isinstance(value, str) else value


def _meta(thing, own=("labels", "annotations", "finalizers")):
    meta = thing["metadata"]
    out = {key: meta[key] for key in own if meta.get(key)}
    out["annotations"] = {key: value for key, value in meta.get("annotations", {}).items()
                          if "firebreak" in key or "pod-deletion-cost" in key}
    out["owners"] = [f"{each['kind']}/{each['name']}" for each in meta.get("ownerReferences", [])]
    return out


def _pod(pod):
    labels = {k: v for k, v in pod["metadata"].get("labels", {}).items() if k != "pod-template-hash"}
    meta = _meta(pod)
    meta["labels"] = labels
    meta["owners"] = [each.split("/")[0] for each in meta["owners"]]
    return {"name": pod["metadata"]["name"], "meta": meta, "phase": pod["status"].get("phase")}


def _service(service):
    spec = service["spec"]
    return {"meta": _meta(service), "type": spec["type"], "selector": spec.get("selector"),
            "ports": [{"port": p["port"], "targetPort": p["targetPort"],
                       "published": "nodePort" in p} for p in spec.get("ports", [])]}


def _workload(thing):
    template = thing["spec"]["template"]["metadata"].get("annotations", {})
    return {"meta": {"annotations": {k: v for k, v in _meta(thing)["annotations"].items()}},
            "restarted": "firebreak.dev/restartedAt" in template,
            "replicas": thing["spec"]["replicas"], "ready": thing["status"].get("readyReplicas", 0)}


def _secret(secret, initial):
    """Never a value: only whether it is the one from before."""
    before = initial.get(secret["metadata"]["name"])
    now = {key: hashlib.sha256(base64.b64decode(value)).hexdigest()
           for key, value in secret.get("data", {}).items()}
    state = {key: "unknown" if before is None else "as before" if before.get(key) == digest else "new"
             for key, digest in now.items()}
    return {"meta": _meta(secret), "type": secret.get("type"), "data": state}


def digests(secrets):
    return {each["metadata"]["name"]: {key: hashlib.sha256(base64.b64decode(value)).hexdigest()
                                       for key, value in each.get("data", {}).items()}
            for each in secrets}


def _remediation(remediation):
    status = remediation.get("status", {})
    return {"spec": {key: value for key, value in remediation["spec"].items()
                     if key not in ("fingerprint", "targetRef", "decision")},
            "target": "{kind}/{name}".format(**remediation["spec"]["targetRef"]),
            "finalizers": remediation["metadata"].get("finalizers", []),
            "phase": status.get("phase"), "outcome": status.get("outcome"),
            "episode": status.get("episode"), "message": status.get("message"),
            "conditions": {each["type"]: [each["status"], each["reason"]]
                           for each in status.get("conditions", [])},
            "blocked": status.get("blocked", {}).get("reason"),
            "plan": [[each["name"], each["action"]] for each in status.get("plan", [])],
            "steps": [[each["name"], each["state"], each.get("message", "")]
                      for each in status.get("steps", [])],
            "events": sorted(status.get("eventsEmitted", []))}


def _event(event):
    series = event.get("series", {}).get("count", 1)
    return [event["reason"], event.get("type"), event.get("action"),
            f"{event['regarding']['kind']}/{event['regarding']['name']}",
            event.get("related", {}).get("name", ""), event.get("note", ""), series]


def snapshot(api, namespace, initial):
    mine = [each for each in api.list("remediations")
            if each["spec"]["targetRef"].get("namespace") == namespace]
    uids = {pod["metadata"]["uid"] for pod in api.list("pods", namespace)}
    state = {
        "pods": sorted((_pod(each) for each in api.list("pods", namespace)
                        if not each["metadata"].get("deletionTimestamp")), key=json.dumps),
        "services": {each["metadata"]["name"]: _service(each) for each in api.list("services", namespace)},
        "networkpolicies": [{"name": each["metadata"]["name"], "meta": _meta(each), "spec": each["spec"]}
                            for each in api.list("networkpolicies", namespace)],
        "deployments": {each["metadata"]["name"]: _workload(each)
                        for each in api.list("deployments", namespace)},
        "replicasets": {each["metadata"]["name"]: _workload(each)
                        for each in api.list("replicasets", namespace)
                        if not each["metadata"].get("ownerReferences")},
        "secrets": {each["metadata"]["name"]: _secret(each, initial)
                    for each in api.list("secrets", namespace)},
        "orders": [each["measures"] for guard in api.list("nodeguards")
                   for each in guard.get("spec", {}).get("isolations", []) if each["podUID"] in uids],
        "remediations": sorted((_remediation(each) for each in mine), key=json.dumps),
    }
    # Which of its pods a controller made last is its own business.
    plain = tree(state, namespace)
    plain["pods"].sort(key=json.dumps)
    events = [tree(_event(each), namespace) for each in api.list("events", namespace)
              if each.get("reportingController", "").startswith("firebreak")]
    return plain, sorted(events)


def differences(wanted, got, where=""):
    """The places where two trees differ, as text."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in sorted(set(wanted) | set(got)):
            yield from differences(wanted.get(key), got.get(key), f"{where}/{key}")
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, pair in enumerate(zip(wanted, got)):
            yield from differences(*pair, f"{where}/{index}")
    elif wanted != got:
        yield f"{where}: {json.dumps(wanted)} without the kill, {json.dumps(got)} with it"
