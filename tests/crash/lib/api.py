"""The API server as the administrator of the kubeconfig sees it: plain requests, no client library."""

import base64
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import threading
import urllib.parse

GROUP = "/apis/firebreak.dev/v1alpha1"
# What a path needs: the prefix of each resource that the tests touch.
PREFIXES = {
    "pods": "/api/v1", "services": "/api/v1", "secrets": "/api/v1", "namespaces": "/api/v1", "nodes": "/api/v1",
    "deployments": "/apis/apps/v1", "replicasets": "/apis/apps/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1", "events": "/apis/events.k8s.io/v1",
    "remediations": GROUP, "securitypolicies": GROUP, "nodeguards": GROUP,
}


class ApiError(Exception):
    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    def __init__(self):
        config = json.loads(subprocess.run(
            ["kubectl", "config", "view", "--raw", "--minify", "--output", "json"],
            check=True, capture_output=True, text=True).stdout)
        cluster = config["clusters"][0]["cluster"]
        user = config["users"][0]["user"]
        self.server = cluster["server"]
        self._files = tempfile.TemporaryDirectory(prefix="firebreak-crash-")
        self.ca = self._file("ca", cluster, "certificate-authority")
        self._context = ssl.create_default_context(cafile=self.ca)
        self._headers = {}
        if "client-certificate-data" in user or "client-certificate" in user:
            self._context.load_cert_chain(self._file("certificate", user, "client-certificate"),
                                          self._file("key", user, "client-key"))
        if "token" in user:
            self._headers["Authorization"] = "Bearer " + user["token"]
        self._here = threading.local()

    def _file(self, name, section, key):
        if key in section:
            return section[key]
        path = os.path.join(self._files.name, name)
        with open(path, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(base64.b64decode(section[key + "-data"]))
        return path

    def request(self, method, path, body=None, kind="application/json", headers=None):
        for attempt in (1, 2):
            if getattr(self._here, "connection", None) is None:
                where = urllib.parse.urlsplit(self.server)
                self._here.connection = http.client.HTTPSConnection(
                    where.hostname, where.port or 443, context=self._context, timeout=30)
            try:
                self._here.connection.request(
                    method, path, None if body is None else json.dumps(body),
                    {**self._headers, "Content-Type": kind, **(headers or {})})
                answer = self._here.connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self._here.connection = None
                if attempt == 2:
                    raise
        parsed = json.loads(text) if text else {}
        if answer.status >= 300:
            raise ApiError(answer.status, parsed.get("message", text[:200]))
        return parsed

    def path(self, resource, namespace="", name=""):
        parts = [PREFIXES[resource]]
        if namespace:
            parts.append("namespaces/" + namespace)
        parts += [resource] + ([name] if name else [])
        return "/".join(parts)

    def get(self, resource, namespace="", name=""):
        return self.request("GET", self.path(resource, namespace, name))

    def list(self, resource, namespace=""):
        return self.get(resource, namespace)["items"]

    def create(self, resource, namespace, body):
        return self.request("POST", self.path(resource, namespace), body)

    def merge(self, resource, namespace, name, body):
        return self.request("PATCH", self.path(resource, namespace, name), body,
                            "application/merge-patch+json")

    def delete(self, resource, namespace, name):
        try:
            self.request("DELETE", self.path(resource, namespace, name))
        except ApiError as error:
            if error.status != 404:
                raise

    def user(self):
        answer = self.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                              {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
        return answer["status"]["userInfo"]["username"]
