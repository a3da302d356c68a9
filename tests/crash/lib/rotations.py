"""Two stories with something outside the API server: the login of a PostgreSQL role and an IAM user's access
key at an AWS emulator. Each call to them counts as a write does. What is left there belongs to the end that
every run must come to: the old one refused, the new one taken, none besides, and an application that never
failed."""

import base64
import json
import os
import socket
import subprocess
import time

from story import (POOL, Scenario, Step, all_of, await_account, deployment, pod_spec, pods_run, policy,
                   reaches, rotated, told, workloads_ready)

SERVICES = "localhost/e2e-services:dev"
STANDINS = "localhost/e2e-standins:dev"
OPERATORS = "firebreak-system"
# The chart of the test cluster lets the operator read these (e2e/cluster/values.yaml).
ADMINS = {"db": "e2e-orders-admin", "cloud": "e2e-cloud-admin"}
_PORTS = {"db": 5432, "cloud": 5000}
_PSQL = ('read -r PGPASSWORD; export PGPASSWORD; exec psql -qtA -v ON_ERROR_STOP=1 -h "$0" -U "$1" -d "$2" -f -')

_made = []  # the one _World
_before = {}  # namespace -> what its Secret held at first; never printed


def _run(pod, *command, stdin=""):
    """What a program in the service's pod says; a value goes by stdin alone."""
    done = subprocess.run(["kubectl", "exec", "-i", "-n", POOL, pod, "--", *command], input=stdin,
                          capture_output=True, text=True, check=False)
    return (done.stdout if done.returncode == 0 else done.stdout + done.stderr).strip()


def _aws(script, *arguments, pair=""):
    return _run("cloud", "env", "AWS_URL=http://127.0.0.1:5000", "python3", f"/opt/app/{script}.py", *arguments,
                stdin=pair)


def _encoded(**values):
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def _decoded(secret):
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def _random():
    return base64.urlsafe_b64encode(os.urandom(18)).decode()


def _until(condition, what):
    deadline = time.monotonic() + 90
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} is not there after 90 s")
        time.sleep(0.3)


class _World:
    """Both services; on node ports too, since the operator of these tests is no pod. It finds them at the
    listeners, whose calls the proxy counts."""

    def __init__(self, api):
        self._superuser = _random()
        node = next(each["address"] for each in api.list("nodes")[0]["status"]["addresses"]
                    if each["type"] == "InternalIP")
        self.inside, self.outside = {}, {}
        self.listeners = {name: socket.create_server(("127.0.0.1", 0)) for name in _PORTS}
        api.create("secrets", POOL, {"metadata": {"name": "db-start"}, "data": _encoded(superuser=self._superuser)})
        for name, script in (("db", "database"), ("cloud", "emulator")):
            port = _PORTS[name]
            spec = pod_spec(SERVICES, ["sh", f"/opt/app/{script}.sh"], ports=[{"containerPort": port}],
                            readinessProbe={"tcpSocket": {"port": port}, "periodSeconds": 1},
                            volumeMounts=[{"name": "start", "mountPath": "/start"}],
                            resources={"limits": {"memory": "512Mi"}})
            spec["volumes"] = [{"name": "start", "secret": {"secretName": "db-start"}}]
            api.create("pods", POOL, {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec})
            made = api.create("services", POOL, {"metadata": {"name": name}, "spec": {
                "type": "NodePort", "selector": {"app": name}, "ports": [{"port": port}]}})["spec"]
            self.inside[name], self.outside[name] = made["clusterIP"], f"{node}:{made['ports'][0]['nodePort']}"
        _until(lambda: pods_run([api.get("pods", POOL, name) for name in _PORTS], 2), "a service")
        _until(lambda: self.sql("SELECT 1", "postgres") == "1", "the database")
        self.must("CREATE DATABASE orders", "postgres")
        self.must("CREATE TABLE orders (id bigserial PRIMARY KEY, at timestamptz DEFAULT now()); "
                  "GRANT ALL ON orders TO PUBLIC; GRANT ALL ON SEQUENCE orders_id_seq TO PUBLIC")
        first = json.loads(_aws("aws-world"))["administrator"]
        self.administrator = f"{first['id']}:{first['secret']}"
        forget(api)
        for name, access in (("db", f"postgres://postgres:{self._superuser}@/?sslmode=disable"),
                             ("cloud", self.administrator)):
            api.create("secrets", OPERATORS, {"metadata": {"name": ADMINS[name]}, "data": _encoded(access=access)})

    def sql(self, statement, database="orders", user="postgres", password=""):
        return _run("db", "sh", "-c", _PSQL, self.inside["db"], user, database,
                    stdin=f"{password or self._superuser}\n{statement}\n")

    def must(self, statement, database="orders"):
        said = self.sql(statement, database)
        if said:
            raise RuntimeError(f"the database: {said}")


def _world(api):
    if not _made:
        _made.append(_World(api))
    return _made[0]


def _listens(name):
    return "127.0.0.1:%d" % _made[0].listeners[name].getsockname()[1]


def _tap(option, name, scheme=""):
    return lambda: [(option, _made[0].listeners[name], scheme + _made[0].outside[name])]


def forget(api):
    for name in ADMINS.values():
        api.delete("secrets", OPERATORS, name)


def _consumer(image, command, keys, **more):
    environment = [{"name": variable, "valueFrom": {"secretKeyRef": {"name": "shared", "key": key}}}
                   for variable, key in keys.items()]
    return deployment("consumer", pod_spec(image, command, env=environment + more.pop("env", []), **more))


def _policy(namespace, rotator):
    return policy(namespace, {"secrets": {"mode": "Enforce", "keepPreviousSeconds": 1, "rotators": [
        {"name": "shared", "namespace": namespace, "secret": "shared", **rotator}]}})


def _exposed(api, namespace, values):
    _before[namespace] = values
    api.create("secrets", namespace, {
        "metadata": {"name": "shared", "annotations": {"firebreak.dev/exposed": "pasted into a ticket"}},
        "data": _encoded(**values)})


# --- a role of a database, with an application on it ----------------------------------------------

def _prepare_role(api, namespace):
    await_account(api, namespace)
    world, password = _world(api), _random()
    world.must(f"CREATE ROLE \"{namespace}\" LOGIN PASSWORD '{password}'")
    _exposed(api, namespace, {"username": namespace, "password": password})
    application = _consumer(
        SERVICES, ["python3", "/opt/app/orders-app.py"], {"DB_USER": "username", "DB_PASSWORD": "password"},
        env=[{"name": "DB_HOST", "value": world.inside["db"]}], ports=[{"containerPort": 8080}],
        lifecycle={"preStop": {"exec": {"command": ["sleep", "3"]}}},
        readinessProbe={"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1, "timeoutSeconds": 3},
        resources={"limits": {"memory": "128Mi"}})
    application["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 20
    api.create("deployments", namespace, application)
    service = api.create("services", namespace, {"metadata": {"name": "orders"}, "spec": {
        "selector": {"app": "consumer"}, "ports": [{"port": 80, "targetPort": 8080}]}})
    _until(lambda: pods_run(api.list("pods", namespace), 1), "the application")
    api.create("pods", namespace, {"metadata": {"name": "load"}, "spec": pod_spec(
        SERVICES, ["python3", "/opt/app/load.py", f"http://{service['spec']['clusterIP']}/"])})


def _role_policy(namespace):
    host, port = _listens("db").split(":")
    return _policy(namespace, {
        "type": "PostgreSQL", "keys": ["username", "password"], "adminRef": {"name": ADMINS["db"], "key": "access"},
        "postgresql": {"role": namespace, "host": host, "port": int(port), "database": "orders"}})


def _role_left(api, namespace, _):
    world, old = _world(api), _before[namespace]
    now = _decoded(api.get("secrets", namespace, "shared"))
    refused = world.sql("SELECT 1", user=old["username"], password=old["password"])
    answers = subprocess.run(["kubectl", "logs", "-n", namespace, "load"], capture_output=True, text=True,
                             check=False).stdout.splitlines()
    return {
        "logins": world.sql("SELECT rolname, rolcanlogin FROM pg_roles WHERE starts_with(rolname, "
                            f"'{namespace}') ORDER BY 1"),
        "old": "refused" if "not permitted to log in" in refused or "authentication failed" in refused else "taken",
        "new": world.sql("SELECT session_user || ' as ' || current_user", user=now["username"],
                         password=now["password"]),
        "sessions of the old": world.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = "
                                         f"'{old['username']}'"),
        "requests": "some" if len(answers) > 1 else "none",
        # From the first answer on: the client may begin before the application listens.
        "failed requests": [line for line in answers if line.startswith("failed") and " good 0 " not in line]}


# --- an access key --------------------------------------------------------------------------------

def _prepare_key(api, namespace):
    await_account(api, namespace)
    made = _aws("aws-user", namespace, pair=_world(api).administrator)
    key, colon, secret = made.partition(":")
    if not colon or not key.startswith("AKIA"):
        raise RuntimeError("the emulator makes no user")
    _exposed(api, namespace, {"id": key, "secret": secret})
    api.create("deployments", namespace, _consumer(STANDINS, ["token-app"], {"TOKEN": "secret"}))


def _key_policy(namespace):
    return _policy(namespace, {
        "type": "AWSAccessKey", "keys": ["id", "secret"], "adminRef": {"name": ADMINS["cloud"], "key": "access"},
        "awsAccessKey": {"iamUserName": namespace, "endpoint": f"http://{_listens('cloud')}/"}})


def _most_keys(calls):
    most = keys = 1
    for each in calls:
        keys += ("aws CreateAccessKey 200" in each) - ("aws DeleteAccessKey 200" in each)
        most = max(most, keys)
    return most


def _key_left(api, namespace, calls):
    world, old = _world(api), _before[namespace]
    now = _decoded(api.get("secrets", namespace, "shared"))
    return {"keys": _aws("aws-ask", namespace, pair=world.administrator), "most keys": _most_keys(calls),
            "old": _aws("aws-ask", pair=f"{old['id']}:{old['secret']}"),
            "new": _aws("aws-ask", pair=f"{now['id']}:{now['secret']}")}


def _rotated_step(pods):
    return Step("rotated", all_of(reaches("ExposedSecret", "Contained"),
                                  told("ExposedSecret", "remediationsucceeded"), rotated, workloads_ready(pods)))


ALL = [
    Scenario("role", _prepare_role, workloads_ready(2), _role_policy, [_rotated_step(2)],
             _tap("postgres", "db"), _role_left,
             {"logins": "<ns>|f\n<ns>_alt|t", "old": "refused", "new": "<ns>_alt as <ns>",
              "sessions of the old": "0", "requests": "some", "failed requests": []}),
    Scenario("key", _prepare_key, workloads_ready(1), _key_policy, [_rotated_step(1)],
             _tap("aws", "cloud", "http://"), _key_left,
             {"keys": "1", "most keys": 2, "old": "InvalidClientTokenId",
              "new": "arn:aws:iam::123456789012:user/<ns>"}),
]
