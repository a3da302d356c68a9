"""One node: its namespaces, containerd, kubelet, kube-proxy and Calico's Felix."""

import json
import pathlib
import shutil

import cgroups
import namespaces
from command import run, succeeds, wait_until
from progress import StepFailed
from slot import DNS_SERVICE

# What these programs insist on having at a fixed place, and must not share with the host's own or
# with another node's.
_PRIVATE = ("/var/lib/kubelet", "/var/log/pods", "/var/log/containers", "/var/lib/cni",
            "/var/lib/calico", "/var/lib/firebreak", "/run/calico", "/run/containerd", "/run/netns")
_TOOLS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Node:
    """Node `index` (from 1) of a slot. Node 1 carries the control plane too."""

    def __init__(self, slot, index):
        self.slot = slot
        self.index = index
        self.name = f"node-{index}"
        self.netns = f"firebreak-{slot.name}-{index}"
        self.cgroup = f"{slot.cgroup}/{self.name}"
        self.folder = slot.data / self.name
        self.init = None

    @property
    def gateway(self):
        return self.slot.subnet(str(4 * (self.index - 1) + 1))

    @property
    def address(self):
        return self.slot.subnet(str(4 * (self.index - 1) + 2))

    def at(self, path):
        """Where the host sees what the node calls `path`."""
        return self.folder / path.strip("/").replace("/", "-")

    def log(self, name):
        return self.slot.logs / (f"{name}.log" if self.index == 1 else f"{name}-{self.index}.log")

    def start_init(self, pause):
        cgroups.make(self.cgroup)
        for path in _PRIVATE:
            pathlib.Path(path).mkdir(parents=True, exist_ok=True)
            self.at(path).mkdir(parents=True, exist_ok=True)
        self.init = namespaces.start_init(
            str(pause), self.netns, self.name, [(self.at(path), path) for path in _PRIVATE],
            str(self.log("init")))
        self.slot.record(f"init-{self.index}", self.init)

    def start(self, name, argv, environment=None):
        """Starts a daemon on the node; its output is in the slot's logs under `name`."""
        log = self.log(name)
        pid = namespaces.spawn(self.init, [str(word) for word in argv],
                               {"PATH": _TOOLS, "HOME": "/root", **(environment or {})}, str(log))
        self.slot.record(f"{name}-{self.index}", pid, log)

    def wait(self, condition, what, seconds, name):
        """Waits for `condition`, and not any longer than the daemon `name` lives."""

        def met():
            if condition():
                return True
            for process in self.slot.dead():
                if process["name"] == f"{name}-{self.index}":
                    raise StepFailed(f"{name} ended", process["log"])
            return False

        wait_until(met, what, seconds, self.log(name))

    def answers(self, url):
        """True when an HTTP server inside the node's network says 2xx."""
        return succeeds("nsenter", f"--net=/run/netns/{self.netns}", "curl", "--silent", "--fail",
                        "--max-time", "2", "--output", "/dev/null", url)

    # --- container runtime ------------------------------------------------------------------

    @property
    def containerd_socket(self):
        return self.at("/run/containerd") / "containerd.sock"

    def ctr(self, *argv, log=None):
        return run("ctr", "--address", self.containerd_socket, "--namespace", "k8s.io", *argv,
                   log=log)

    def _snapshotter(self):
        """overlayfs, unless the machine's own root is one that cannot carry another."""
        probe = self.folder / "overlay-probe"
        for name in ("lower", "upper", "work", "merged"):
            (probe / name).mkdir(parents=True, exist_ok=True)
        options = f"lowerdir={probe}/lower,upperdir={probe}/upper,workdir={probe}/work"
        works = succeeds("unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options,
                         f"{probe}/merged")
        shutil.rmtree(probe, ignore_errors=True)
        return "overlayfs" if works else "native"

    def start_containerd(self, sandbox_image):
        config = self.folder / "containerd.toml"
        config.write_text(f"""version = 2
root = "{self.folder}/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{sandbox_image}"
  # Without CAP_SYS_RESOURCE (a container, some CI machines) runc could not go below the parent's.
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "{self._snapshotter()}"
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "{self.folder}/cni-bin"
  conf_dir = "{self.folder}/cni-conf"
""", encoding="utf-8")
        self.start("containerd", [shutil.which("containerd"), "--config", config])
        self.wait(lambda: succeeds("ctr", "--address", self.containerd_socket, "version"),
                  "containerd answering", 30, "containerd")

    def load(self, archive, log=None):
        self.ctr("images", "import", archive, log=log)

    # --- Kubernetes -------------------------------------------------------------------------

    def start_kube_proxy(self, programs, pki):
        config = self.folder / "kube-proxy.json"
        config.write_text(json.dumps({
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "hostnameOverride": self.name,
            "clusterCIDR": self.slot.pods,
            "clientConnection": {"kubeconfig": pki.path("kube-proxy.kubeconfig")},
            "conntrack": {"maxPerCore": 0, "min": 0},
        }, indent=1), encoding="utf-8")
        self.start("kube-proxy", [programs / "kube-proxy", "--config", config])

    def start_kubelet(self, programs, pki):
        resolv = self.folder / "resolv.conf"
        resolv.write_text("# A test cluster knows no name but its own.\n", encoding="utf-8")
        config = self.folder / "kubelet.json"
        config.write_text(json.dumps({
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                               "x509": {"clientCAFile": pki.path("ca.crt")}},
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": pki.path(f"{self.name}.crt"),
            "tlsPrivateKeyFile": pki.path(f"{self.name}.key"),
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.cgroup}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "podPidsLimit": 1024,
            "clusterDNS": [DNS_SERVICE],
            "clusterDomain": "cluster.local",
            "resolvConf": str(resolv),
            # The host's disk is not the node's: a full one must not evict, nor remove images that
            # no registry could bring back.
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "0%",
                             "nodefs.inodesFree": "0%", "imagefs.available": "0%",
                             "imagefs.inodesFree": "0%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "volumePluginDir": str(self.folder / "volume-plugins"),
        }, indent=1), encoding="utf-8")
        self.start("kubelet", [programs / "kubelet", "--config", config, "--kubeconfig",
                               pki.path(f"{self.name}.kubeconfig"), "--hostname-override",
                               self.name, "--node-ip", self.address])


def existing(slot):
    """The nodes of a running slot."""
    nodes = [Node(slot, index) for index in range(1, slot.nodes + 1)]
    for node in nodes:
        for process in slot.alive():
            if process["name"] == f"init-{node.index}":
                node.init = process["pid"]
    return nodes
