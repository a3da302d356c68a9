"""Brings a cluster up on this machine, step by step."""

import os
import shutil
import signal

import binaries
import calico
import controlplane
import images
import network
import pki as keys
import teardown
from command import run, wait_until
from node import Node
from pathlib import Path
from progress import StepFailed, say, step

_MANIFESTS = Path(__file__).resolve().parent.parent / "manifests"
_NEEDED = ("ip", "nsenter", "iptables-nft-save", "nft", "ipset", "conntrack", "containerd", "ctr",
           "runc", "openssl", "curl", "cc", "buildah")


def check_machine():
    if os.geteuid() != 0:
        raise StepFailed("a local cluster needs root (namespaces, mounts, cgroups); or set "
                         "E2E_USE_EXISTING_CLUSTER=1 and KUBECONFIG to use another cluster")
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    missing = [name for name in _NEEDED if not shutil.which(name, path=path)]
    if "buildah" in missing and shutil.which("docker"):
        missing.remove("buildah")
    if missing:
        raise StepFailed(f"missing: {', '.join(missing)}; `make deps` installs them")


def up(slot, nodes=None):
    """A healthy cluster of this slot is kept, and gets the nodes that it lacks; anything else of it
    is removed first.

    `nodes` None takes the number that runs, or one.
    """
    check_machine()
    slot.logs.mkdir(parents=True, exist_ok=True)
    with slot.lock():
        slot.refresh()
        teardown.remove_dead(keep=slot)
        if slot.healthy() and nodes in (None, slot.nodes):
            say(f"  the cluster of slot {slot.name} is running")
            return
        grows = slot.healthy() and nodes is not None and nodes > slot.nodes
        if slot.state["phase"] != "none" and not grows:
            with step("remove what is left of the cluster before"):
                teardown.remove(slot)
        try:
            _grow(slot, nodes) if grows else _start(slot, nodes or 1)
        except BaseException:
            # Interrupted or failed, both leave nothing; a second Ctrl-C must not leave half of it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            with step("remove what was started"):
                teardown.remove(slot)
            raise


def _start(slot, count):
    kubernetes = binaries.folder("kubernetes", slot.logs / "build-kubernetes.log")
    plugins = binaries.folder("calico", slot.logs / "build-calico.log")
    pause = images.folder("pause")
    archives = [pause / "image.tar", images.folder("coredns", kubernetes) / "image.tar",
                images.folder("e2e-tools") / "image.tar"]
    for log in (*slot.logs.glob("*.log"), slot.out / "audit.log"):
        if not log.name.startswith("build-"):
            log.unlink(missing_ok=True)

    slot.claim(count)
    nodes = [Node(slot, index) for index in range(1, count + 1)]
    first = nodes[0]
    with step("certificates"):
        pki = keys.make_all(slot, nodes)
    with step(f"network {slot.subnet()}"):
        network.make(slot, nodes)
    with step("namespaces and containerd"):
        for node in nodes:
            node.start_init(pause / "pause")
            node.start_containerd(images.PAUSE)
    with step("etcd and API server"):
        controlplane.start_etcd(first, kubernetes)
        controlplane.start_api_server(first, kubernetes, pki)
    _publish(slot, kubernetes, pki)

    def kubectl(*argv):
        return run(kubernetes / "kubectl", "--kubeconfig", pki.path("admin.kubeconfig"), *argv)

    with step("controller manager and scheduler"):
        controlplane.start_controllers(first, kubernetes, pki)
    with step("Calico"):
        calico.install_definitions(kubectl, plugins)
    with step("images, kubelet, kube-proxy and Felix"):
        for node in nodes:
            _start_node(node, kubernetes, plugins, pki, archives)
        _wait_ready(nodes, kubectl)
    for node in nodes[1:]:
        _route_pods(first, node, kubectl)
    with step("CoreDNS"):
        kubectl("apply", "--server-side", "-f", _MANIFESTS / "coredns.yaml")
        kubectl("--namespace", "kube-system", "rollout", "status", "deployment/coredns",
                "--timeout=90s")
    slot.state["phase"] = "ready"
    slot.save()


def _start_node(node, kubernetes, plugins, pki, archives):
    node.start_kube_proxy(kubernetes, pki)
    for archive in archives:
        node.load(archive, log=node.log("images"))
    calico.install_plugin(node, plugins, pki)
    node.start_kubelet(kubernetes, pki)
    calico.start_felix(node, plugins, pki)


def _route_pods(first, node, kubectl):
    network.route_pods(first, node, kubectl(
        "get", "node", node.name, "-o", "jsonpath={.spec.podCIDR}"))


def _grow(slot, count):
    """More nodes for a running cluster, with the images that it was made with."""
    kubernetes = binaries.folder("kubernetes", slot.logs / "build-kubernetes.log")
    plugins = binaries.folder("calico", slot.logs / "build-calico.log")
    pause = images.folder("pause")
    archives = [pause / "image.tar", images.folder("e2e-tools") / "image.tar"]
    pki = keys.Pki(slot)

    def kubectl(*argv):
        return run(kubernetes / "kubectl", "--kubeconfig", pki.path("admin.kubeconfig"), *argv)

    first = Node(slot, 1)
    added = [Node(slot, index) for index in range(slot.nodes + 1, count + 1)]
    slot.state["nodes"] = count
    slot.save()
    for node in added:
        with step(f"node {node.name}"):
            keys.make_node(pki, node)
            network.join(first, node)
            node.start_init(pause / "pause")
            node.start_containerd(images.PAUSE)
            _start_node(node, kubernetes, plugins, pki, archives)
            _wait_ready([node], kubectl)
            _route_pods(first, node, kubectl)


def _wait_ready(nodes, kubectl):
    for node in nodes:
        node.wait(lambda name=node.name: "True" in kubectl(
            "get", "nodes", "--field-selector", f"metadata.name={name}", "-o",
            "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"),
            f"node {node.name} becoming Ready", 120, "kubelet")
        node.wait(lambda node=node: calico.enforces(node), f"Felix ready on {node.name}", 60,
                  "calico-felix")
    # The first ServiceAccount of a namespace takes a moment; pods made before are refused.
    wait_until(lambda: "default" in kubectl("get", "serviceaccounts", "-o", "name"),
               "the default ServiceAccount", 30)


def _publish(slot, kubernetes, pki):
    """What scripts rely on: kubeconfig, kubectl and helm below the checkout's build folder."""
    (slot.out / "loaded-image").unlink(missing_ok=True)
    tools = slot.out / "bin"
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir(parents=True)
    for name in ("kubectl", "helm"):
        (tools / name).symlink_to(kubernetes / name)
    partial = slot.out / "kubeconfig.partial"
    shutil.copyfile(pki.path("admin.kubeconfig"), partial)
    partial.chmod(0o600)
    partial.rename(slot.out / "kubeconfig")


def down(slot):
    """Removes the slot; nothing happens when there is nothing."""
    with slot.lock():
        slot.refresh()
        if slot.state["phase"] == "none" and not slot.data.exists():
            return False
        with step(f"remove the cluster of slot {slot.name}"):
            teardown.remove(slot)
    return True
