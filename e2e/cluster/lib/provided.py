"""Clusters that somebody else runs: an existing one, or kind where docker has an engine.

`E2E_USE_EXISTING_CLUSTER=1` with KUBECONFIG is never guessed: nobody's cluster is touched because a
kubeconfig happened to lie around.
"""

import os
import pathlib
import shutil

import binaries
from command import run, succeeds
from progress import StepFailed, say, step

_MANIFESTS = pathlib.Path(__file__).resolve().parent.parent / "manifests"


def _bring_tools(slot):
    slot.logs.mkdir(parents=True, exist_ok=True)
    programs = binaries.folder("kubernetes", slot.logs / "build-kubernetes.log")
    tools = slot.out / "bin"
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir(parents=True)
    for name in ("kubectl", "helm"):
        (tools / name).symlink_to(programs / name)
    return programs / "kubectl"


def _write_kubeconfig(slot, content):
    target = slot.out / "kubeconfig"
    target.write_text(content, encoding="utf-8")
    target.chmod(0o600)


class Existing:
    """The cluster of KUBECONFIG. It is never started, stopped or reconfigured."""

    def __init__(self, slot):
        self._slot = slot

    def up(self):
        source = os.environ.get("KUBECONFIG")
        if not source:
            raise StepFailed("E2E_USE_EXISTING_CLUSTER=1 needs KUBECONFIG")
        kubectl = _bring_tools(self._slot)
        _write_kubeconfig(self._slot, run(kubectl, "--kubeconfig", source, "config", "view",
                                          "--minify", "--flatten", "--raw"))
        run(kubectl, "--kubeconfig", self._slot.out / "kubeconfig", "get", "--raw", "/readyz")
        say(f"  using the existing cluster of {source}")

    def load(self, archive):
        """E2E_LOAD is a command that puts an archive on every node; else we cannot know how."""
        command = os.environ.get("E2E_LOAD")
        if not command:
            raise StepFailed("an existing cluster needs E2E_LOAD, a command that takes an image "
                             "archive and puts it on every node")
        # The command may be another checkout's `load`, which must not find us again.
        inherited = {name: value for name, value in os.environ.items()
                     if name not in ("E2E_LOAD", "E2E_USE_EXISTING_CLUSTER", "E2E_SLOT")}
        run("sh", "-c", f'{command} "$1"', "sh", archive, env=inherited)


class Kind:
    """A kind cluster named after the slot."""

    def __init__(self, slot):
        self._slot = slot
        self._name = f"firebreak-{slot.name}"

    def exists(self):
        return self._name in run("kind", "get", "clusters").split()

    def up(self):
        _bring_tools(self._slot)
        audit = self._slot.out / "audit"
        audit.mkdir(exist_ok=True)
        log = self._slot.out / "audit.log"
        if not self.exists():
            config = self._slot.out / "kind.yaml"
            config.write_text(_kind_config(audit), encoding="utf-8")
            image = f"kindest/node:{binaries.KUBERNETES[1]}"
            with step("kind cluster"):
                run("kind", "create", "cluster", "--name", self._name, "--config", config,
                    "--image", os.environ.get("E2E_KIND_IMAGE", image), "--wait", "120s",
                    "--kubeconfig", self._slot.out / "kind.kubeconfig")
        log.unlink(missing_ok=True)
        log.symlink_to(audit / "audit.log")
        _write_kubeconfig(self._slot, run("kind", "get", "kubeconfig", "--name", self._name))

    def load(self, archive):
        run("kind", "load", "image-archive", archive, "--name", self._name)

    def down(self):
        with step("remove the kind cluster"):
            run("kind", "delete", "cluster", "--name", self._name)


def _kind_config(audit):
    policy = _MANIFESTS / "audit-policy.yaml"
    return f"""kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  extraMounts:
  - {{hostPath: "{policy}", containerPath: /audit/policy.yaml, readOnly: true}}
  - {{hostPath: "{audit}", containerPath: /audit/log}}
  kubeadmConfigPatches:
  - |
    kind: ClusterConfiguration
    apiServer:
      extraArgs:
        audit-policy-file: /audit/policy.yaml
        audit-log-path: /audit/log/audit.log
      extraVolumes:
      - {{name: policy, hostPath: /audit/policy.yaml, mountPath: /audit/policy.yaml}}
      - {{name: log, hostPath: /audit/log, mountPath: /audit/log}}
"""


def _kind_works():
    return bool(shutil.which("kind")) and succeeds("docker", "info")


def current(slot):
    """The provider that `load` has to use; None when the cluster is our own."""
    if os.environ.get("E2E_USE_EXISTING_CLUSTER") == "1":
        return Existing(slot)
    if slot.healthy():
        return None
    return Kind(slot) if _kind_works() and Kind(slot).exists() else None


def choose(slot):
    """The provider for `up`; None means a cluster of our own on this machine."""
    if os.environ.get("E2E_USE_EXISTING_CLUSTER") == "1":
        return Existing(slot)
    if slot.healthy() or not _kind_works():
        return None
    return Kind(slot)


def remove(slot):
    """An existing cluster stays; a kind cluster of this slot goes."""
    if _kind_works() and Kind(slot).exists():
        Kind(slot).down()
