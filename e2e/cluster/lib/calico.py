"""Calico: the CNI plugin that makes pod interfaces and Felix, which enforces NetworkPolicy."""

import json
import pathlib

from progress import StepFailed

_MANIFEST = pathlib.Path(__file__).resolve().parent.parent / "manifests" / "calico.yaml"
_PLUGIN_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin")


def install_definitions(kubectl, programs):
    """The CRDs first; the objects once the API server serves them."""
    kubectl("apply", "--server-side", "-f", programs / "crds.yaml")
    kubectl("wait", "--for=condition=Established", "--timeout=30s",
            "crd/clusterinformations.crd.projectcalico.org",
            "crd/felixconfigurations.crd.projectcalico.org")
    kubectl("apply", "--server-side", "-f", _MANIFEST)


def install_plugin(node, programs, pki):
    """Plugins and network configuration of one node; containerd picks them up by itself."""
    plugins = node.folder / "cni-bin"
    plugins.mkdir(exist_ok=True)
    (plugins / "calico").symlink_to(programs / "calico")
    for name in ("host-local", "portmap", "loopback"):
        found = next((f"{folder}/{name}" for folder in _PLUGIN_FOLDERS
                      if pathlib.Path(folder, name).exists()), None)
        if not found:
            raise StepFailed(f"the CNI plugin {name} is missing; `make deps` installs it")
        (plugins / name).symlink_to(found)
    configuration = {
        "name": "k8s-pod-network",
        "cniVersion": "0.3.1",
        "plugins": [
            {
                "type": "calico",
                "datastore_type": "kubernetes",
                "nodename": node.name,
                "nodename_file_optional": True,
                "log_level": "warning",
                "log_file_path": str(node.log("cni")),
                "mtu": 1500,
                "ipam": {"type": "host-local", "subnet": "usePodCidr"},
                "policy": {"type": "k8s"},
                "kubernetes": {"kubeconfig": pki.path("calico.kubeconfig")},
            },
            {"type": "portmap", "snat": True, "capabilities": {"portMappings": True}},
        ],
    }
    folder = node.folder / "cni-conf"
    folder.mkdir(exist_ok=True)
    partial = folder / "10-calico.conflist.partial"
    partial.write_text(json.dumps(configuration, indent=1), encoding="utf-8")
    partial.rename(folder / "10-calico.conflist")


def start_felix(node, programs, pki):
    node.start("calico-felix", [programs / "calico-felix"], {
        "KUBECONFIG": pki.path("calico.kubeconfig"),
        "FELIX_DATASTORETYPE": "kubernetes",
        "FELIX_FELIXHOSTNAME": node.name,
        "FELIX_IPV6SUPPORT": "false",
        "FELIX_IPTABLESBACKEND": "NFT",
        "FELIX_BPFENABLED": "false",
        "FELIX_DEFAULTENDPOINTTOHOSTACTION": "ACCEPT",
        "FELIX_HEALTHENABLED": "true",
        "FELIX_LOGFILEPATH": "none",
        "FELIX_LOGSEVERITYSCREEN": "Warning",
    })


def enforces(node):
    """Felix says that it is ready: the first dataplane programming is done."""
    return node.answers("http://127.0.0.1:9099/readiness")
