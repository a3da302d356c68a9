"""Where a credential lies open: each place puts one value under one name into whole manifests.

A place returns the objects of one file. What it cannot hold (a label of 400 characters, a private
key in a URL) it refuses with None, and another is drawn.
"""
import gzip
import json
import re
from urllib.parse import quote

from alphabets import b64

CREDENTIAL_FREE_ENV = [
    {"name": "LOG_LEVEL", "value": "info"}, {"name": "PORT", "value": "8080"},
    {"name": "DB_HOST", "value": "orders-db.shop.svc.cluster.local"},
    {"name": "TOKEN_TTL_SECONDS", "value": "3600"}, {"name": "JWT_ALGORITHM", "value": "RS256"},
    {"name": "PASSWORD_MIN_LENGTH", "value": "12"}, {"name": "CACHE_DIR", "value": "/var/cache/app"},
    {"name": "SECRET_NAME", "value": "orders-tls"},
    {"name": "DB_PASSWORD_FILE", "value": "/run/secrets/db/password"},
    {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    {"name": "SESSION_SECRET", "valueFrom": {"secretKeyRef": {"name": "session", "key": "secret"}}},
]
NAMES = ["orders", "billing", "search-indexer", "payments-api", "webhooks", "inventory", "report-runner"]


def meta(make, **more):
    name = make.pick(NAMES)
    return {"name": name, "namespace": make.pick(["shop", "platform", "prod", "ci"]),
            "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop"}, **more}


def pod(make, container, inits=()):
    return {"serviceAccountName": "default", "initContainers": list(inits),
            "containers": [{"name": "main", "image": "registry.shop.internal/app:1.14.2",
                            "ports": [{"containerPort": 8080}], **container}]} if inits else {
        "containers": [{"name": "main", "image": "registry.shop.internal/app:1.14.2",
                        "ports": [{"containerPort": 8080}], **container},
                       {"name": "proxy", "image": "envoyproxy/envoy:v1.31.0"}]}


def workload(make, spec):
    template = {"metadata": {"labels": {"app": "orders"}, "annotations": {
        "checksum/config": make.run("0123456789abcdef", 64)}}, "spec": spec}
    kind = make.pick(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"])
    head = {"apiVersion": "apps/v1", "kind": kind, "metadata": meta(make)}
    if kind == "Pod":
        return {**head, "apiVersion": "v1", "spec": spec}
    if kind == "Job":
        return {**head, "apiVersion": "batch/v1", "spec": {"template": template}}
    if kind == "CronJob":
        return {**head, "apiVersion": "batch/v1", "spec": {
            "schedule": "15 3 * * *", "jobTemplate": {"spec": {"template": template}}}}
    return {**head, "spec": {"selector": {"matchLabels": {"app": "orders"}}, "template": template}}


def config_map(make, data, field="data"):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(make), field: data}


def one_line(value):
    return "\n" not in value


def plain(value):
    return re.fullmatch(r"[A-Za-z0-9_.+/=:%-]+", value) is not None


def env_value(make, name, value):
    entries = [dict(e) for e in make.random.sample(CREDENTIAL_FREE_ENV, 4)]
    entries.insert(make.between(0, 4), {"name": env_name(name), "value": value})
    return [workload(make, pod(make, {"env": entries}))]


def env_in_init(make, name, value):
    init = {"name": "migrate", "image": "registry.shop.internal/migrate:3",
            "env": [{"name": env_name(name), "value": value}]}
    return [workload(make, pod(make, {}, [init]))]


def env_base64(make, name, value):
    return [workload(make, pod(make, {"env": [{"name": env_name(name) + "_B64", "value": b64(value)}]}))]


def env_json(make, name, value):
    text = json.dumps({"service": {"url": "https://api.shop.internal", "retries": 3, camel(name): value}})
    return [workload(make, pod(make, {"env": [{"name": "APP_CONFIG", "value": text}]}))]


def env_name(name):
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper() if not name.isupper() else name


def camel(name):
    words = [w for w in re.split(r"[^A-Za-z0-9]+", name) if w]
    if len(words) < 2:
        return name.lower()
    return words[0].lower() + "".join(w.capitalize() for w in words[1:])


def flag(name):
    text = re.sub(r"([a-z])([A-Z])", r"\1-\2", name)
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def args_joined(make, name, value):
    if not one_line(value):
        return None
    return [workload(make, pod(make, {"args": ["--verbose", f"--{flag(name)}={value}", "--listen=:8080"]}))]


def args_apart(make, name, value):
    if not one_line(value):
        return None
    return [workload(make, pod(make, {"args": ["serve", f"--{flag(name)}", value, "--port", "8080"]}))]


def command_export(make, name, value):
    if not one_line(value) or "'" in value:
        return None
    script = f"set -e\nexport {env_name(name)}='{value}'\nexec /usr/local/bin/app --config /etc/app.yaml\n"
    return [workload(make, pod(make, {"command": ["/bin/sh", "-c", script]}))]


def command_header(make, name, value):
    if not plain(value) or len(value) > 300:
        return None
    script = (f"until curl -fsS -H 'Authorization: Bearer {value}' https://api.shop.internal/v1/ping; "
              "do sleep 5; done; exec app")
    return [workload(make, pod(make, {"command": ["sh", "-c"], "args": [script]}))]


def lifecycle_exec(make, name, value):
    if not plain(value) or len(value) > 200:
        return None
    return [workload(make, pod(make, {"lifecycle": {"postStart": {"exec": {"command": [
        "/bin/sh", "-c", f"notify --{flag(name)} {value} --event started"]}}}}))]


def probe_header(make, name, value):
    if not plain(value) or len(value) > 300:
        return None
    return [workload(make, pod(make, {"livenessProbe": {"httpGet": {
        "path": "/healthz", "port": 8080,
        "httpHeaders": [{"name": "Authorization", "value": f"Bearer {value}"}]}}}))]


def map_value(make, name, value):
    return [config_map(make, {"LOG_LEVEL": "info", name: value, "REGION": "eu-central-1"})]


def map_properties(make, name, value):
    if not one_line(value):
        return None
    text = f"server.port=8080\nspring.application.name=orders\n{name}={value}\nmanagement.endpoints.web=health\n"
    return [config_map(make, {"application.properties": text})]


def map_env(make, name, value):
    if not plain(value):
        return None
    quoted = make.pick(["", '"', "'"])
    text = f"# settings\nNODE_ENV=production\n{make.pick(['', 'export '])}{env_name(name)}={quoted}{value}{quoted}\nPORT=3000\n"
    return [config_map(make, {".env": text})]


def map_yaml(make, name, value):
    if not one_line(value):
        return None
    text = ("server:\n  port: 8080\nclients:\n  upstream:\n    url: https://api.shop.internal\n    "
            f"{camel(name)}: {json.dumps(value)}\n    timeout: 30s\n")
    return [config_map(make, {"config.yaml": text})]


def map_yaml_block(make, name, value):
    if one_line(value):
        return None
    body = "".join(f"    {line}\n" for line in value.splitlines())
    return [config_map(make, {"config.yaml": f"tls:\n  {camel(name)}: |\n{body}logging: info\n"})]


def map_json(make, name, value):
    text = json.dumps({"port": 8080, "upstream": {"host": "api.shop.internal", camel(name): value},
                       "features": ["a", "b"]}, indent=2)
    return [config_map(make, {"config.json": text})]


def map_ini(make, name, value):
    if not one_line(value) or any(c in value for c in ";#"):
        return None
    return [config_map(make, {"app.ini": f"[server]\nport = 8080\n\n[upstream]\n{flag(name).replace('-', '_')} = {value}\n"})]


def map_toml(make, name, value):
    if not one_line(value):
        return None
    key = flag(name).replace("-", "_")
    return [config_map(make, {"config.toml": f"[upstream]\nurl = \"https://api.shop.internal\"\n{key} = {json.dumps(value)}\n"})]


def map_xml(make, name, value):
    if not one_line(value) or any(c in value for c in "<>&"):
        return None
    return [config_map(make, {"settings.xml": f"<settings>\n  <server>\n    <id>central</id>\n    <{camel(name)}>{value}</{camel(name)}>\n  </server>\n</settings>\n"})]


def map_script(make, name, value):
    if not one_line(value) or "'" in value:
        return None
    text = f"#!/bin/bash\nset -euo pipefail\n{env_name(name)}='{value}'\nexport {env_name(name)}\n/opt/app/sync --all\n"
    return [config_map(make, {"sync.sh": text})]


def map_nginx(make, name, value):
    if not plain(value) or len(value) > 300:
        return None
    text = ("location /api/ {\n  proxy_pass https://api.shop.internal;\n"
            f"  proxy_set_header Authorization \"Bearer {value}\";\n}}\n")
    return [config_map(make, {"default.conf": text})]


def map_python(make, name, value):
    if not one_line(value) or "'" in value or "\\" in value:
        return None
    return [config_map(make, {"settings.py": f"import os\nDEBUG = False\n{env_name(name)} = '{value}'\nALLOWED_HOSTS = ['*']\n"})]


def binary_plain(make, name, value):
    return [config_map(make, {"bundle": b64(f"{env_name(name)}={value}\n" if one_line(value) else value)}, "binaryData")]


def binary_gzip(make, name, value):
    text = f"region=eu\n{env_name(name)}={value}\n" if one_line(value) else value
    return [config_map(make, {"bundle.gz": b64(gzip.compress(text.encode(), mtime=0))}, "binaryData")]


def annotation(make, name, value):
    if not one_line(value):
        return None
    return [{"apiVersion": "v1", "kind": "Service",
             "metadata": meta(make, annotations={f"shop.internal/{flag(name)}": value}),
             "spec": {"ports": [{"port": 80}]}}]


def label(make, name, value):
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,61}[A-Za-z0-9]", value):
        return None
    item = config_map(make, {"a": "b"})
    item["metadata"]["labels"][flag(name)] = value
    return [item]


def last_applied(make, name, value):
    inner = env_value(make, name, value)[0]
    outer = json.loads(json.dumps(inner))
    text = json.dumps(outer)

    def strip(node):
        if isinstance(node, dict):
            if node.get("value") == value:
                del node["value"]
                node["valueFrom"] = {"secretKeyRef": {"name": "moved", "key": "value"}}
            for child in node.values():
                strip(child)
        elif isinstance(node, list):
            for child in node:
                strip(child)
    strip(inner)
    inner["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": text}
    return [inner]


def ingress_snippet(make, name, value):
    if not plain(value) or len(value) > 300:
        return None
    return [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta(make, annotations={
        "nginx.ingress.kubernetes.io/configuration-snippet":
            f"proxy_set_header X-Upstream-Token \"{value}\";\nmore_set_headers \"X-Frame-Options: DENY\";"}),
        "spec": {"rules": [{"host": "shop.internal"}]}}]


def helm_values(make, name, value):
    if not one_line(value):
        return None
    text = f"replicaCount: 2\nauth:\n  enabled: true\n  {camel(name)}: {json.dumps(value)}\n"
    return [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": meta(make),
             "spec": {"source": {"repoURL": "https://charts.shop.internal", "chart": "orders",
                                 "helm": {"values": text}}}}]


def helm_parameter(make, name, value):
    return [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": meta(make),
             "spec": {"source": {"chart": "orders", "helm": {"parameters": [
                 {"name": "image.tag", "value": "1.14.2"}, {"name": f"auth.{camel(name)}", "value": value}]}}}}]


def flux_values(make, name, value):
    return [{"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": meta(make),
             "spec": {"interval": "5m", "values": {"replicas": 2, "auth": {camel(name): value}}}}]


def custom_resource(make, name, value):
    return [{"apiVersion": "shop.internal/v1", "kind": "Pipeline", "metadata": meta(make),
             "spec": {"steps": [{"name": "publish", "with": {camel(name): value}}, {"name": "notify"}]}}]


def pod_in_custom_resource(make, name, value):
    return [{"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "metadata": meta(make),
             "spec": {"driver": {"env": [{"name": env_name(name), "value": value}], "cores": 1}}}]


ANYWHERE = [env_value, env_value, env_value, env_in_init, env_base64, env_json, args_joined, args_apart,
            command_export, command_header, lifecycle_exec, probe_header, map_value, map_value,
            map_properties, map_env, map_yaml, map_yaml_block, map_json, map_ini, map_toml, map_xml,
            map_script, map_nginx, map_python, binary_plain, binary_gzip, annotation, label,
            last_applied, ingress_snippet, helm_values, helm_parameter, flux_values, custom_resource,
            pod_in_custom_resource]
# These say nothing of what the value is called; only a form of its own gives it away there.
NAMELESS = {command_header, probe_header, map_nginx, ingress_snippet}


# --- for passwords -----------------------------------------------------------------------------

def url(make, name, value):
    scheme, port = make.pick([("postgres", 5432), ("mysql", 3306), ("amqp", 5672), ("mongodb", 27017),
                              ("redis", 6379), ("https", 443)])
    address = f"{scheme}://orders:{quote(value, safe='')}@db.shop.svc:{port}/orders"
    return [workload(make, pod(make, {"env": [{"name": make.pick(["DATABASE_URL", "DSN", "BROKER_URL", "UPSTREAM"]),
                                               "value": address}]}))]


def url_in_map(make, name, value):
    address = f"postgresql://orders:{quote(value, safe='')}@10.20.3.4/orders?sslmode=require"
    return [config_map(make, {"app.yaml": f"database:\n  url: {address}\n  pool: 10\n"})]


def jdbc(make, name, value):
    if any(c in value for c in "&;?#\"' "):
        return None
    return [config_map(make, {"application.yml": "spring:\n  datasource:\n    url: "
                              f"jdbc:mysql://db:3306/orders?user=orders&password={value}\n"})]


def ado(make, name, value):
    if any(c in value for c in ";\"' "):
        return None
    text = f"Server=tcp:db.shop.svc,1433;Database=orders;User Id=orders;Password={value};Encrypt=True;"
    return [workload(make, pod(make, {"env": [{"name": "ConnectionStrings__Default", "value": text}]}))]


def libpq(make, name, value):
    if any(c in value for c in "\"' "):
        return None
    text = f"host=db.shop.svc port=5432 dbname=orders user=orders password={value} sslmode=disable"
    return [workload(make, pod(make, {"args": [f"--dsn={text}"]}))]


def docker_config(make, name, value):
    text = json.dumps({"auths": {"registry.shop.internal": {"auth": b64(f"ci:{value}")}}})
    return [config_map(make, {"config.json": text})]


def docker_config_plain(make, name, value):
    text = json.dumps({"auths": {"registry.shop.internal": {"username": "ci", "password": value}}})
    return [workload(make, pod(make, {"env": [{"name": "DOCKER_AUTH_CONFIG", "value": text}]}))]


def curl_user(make, name, value):
    if any(c in value for c in "'\"\\ "):
        return None
    return [workload(make, pod(make, {"command": ["sh", "-c", f"curl -sS -u 'orders:{value}' https://repo.shop.internal/a.tgz | tar xz"]}))]


def basic_header(make, name, value):
    return [workload(make, pod(make, {"livenessProbe": {"httpGet": {"path": "/", "port": 80, "httpHeaders": [
        {"name": "Authorization", "value": "Basic " + b64(f"probe:{value}")}]}}}))]


def redis_conf(make, name, value):
    if any(c in value for c in "\"' #"):
        return None
    return [config_map(make, {"redis.conf": f"bind 0.0.0.0\nappendonly yes\nrequirepass {value}\nmaxmemory 1gb\n"})]


def sql(make, name, value):
    if "'" in value:
        return None
    return [config_map(make, {"init.sql": f"CREATE DATABASE orders;\nCREATE USER orders WITH PASSWORD '{value}';\nGRANT ALL ON DATABASE orders TO orders;\n"})]


def mysql_option(make, name, value):
    if any(c in value for c in "\"'$&;|<>*?#!~ "):
        return None
    return [workload(make, pod(make, {"command": ["sh", "-c", f"mysqldump -h db -uroot -p{value} --all-databases > /backup/all.sql"]}))]


def netrc(make, name, value):
    return [config_map(make, {".netrc": f"machine git.shop.internal login ci password {value}\n"})]


def pgpass(make, name, value):
    if ":" in value or "\\" in value:
        return None
    return [config_map(make, {".pgpass": f"db.shop.svc:5432:orders:orders:{value}\n"})]


def kubeconfig(make, name, value):
    text = ("apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: https://10.0.0.1:6443\n"
            f"users:\n- name: admin\n  user:\n    username: admin\n    password: {json.dumps(value)}\n")
    return [config_map(make, {"kubeconfig": text})]


FOR_PASSWORDS = [url, url, url_in_map, jdbc, ado, libpq, docker_config, docker_config_plain, curl_user,
                 basic_header, redis_conf, sql, mysql_option, netrc, pgpass, kubeconfig]
