"""etcd, API server, controller manager and scheduler, on node 1."""

import pathlib

from command import succeeds
from slot import SERVICES

_AUDIT_POLICY = pathlib.Path(__file__).resolve().parent.parent / "manifests" / "audit-policy.yaml"


def start_etcd(node, programs):
    node.start("etcd", [programs / "etcd", "--name", "e2e", "--data-dir", node.folder / "etcd",
                        "--listen-client-urls", "http://127.0.0.1:2379",
                        "--advertise-client-urls", "http://127.0.0.1:2379",
                        "--listen-peer-urls", "http://127.0.0.1:2380",
                        "--initial-advertise-peer-urls", "http://127.0.0.1:2380",
                        "--initial-cluster", "e2e=http://127.0.0.1:2380",
                        # Nobody needs this data after a power cut.
                        "--unsafe-no-fsync", "--logger", "zap", "--log-level", "warn"])


def start_api_server(node, programs, pki):
    slot = node.slot
    node.start("kube-apiserver", [
        programs / "kube-apiserver",
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={node.address}",
        "--secure-port=6443",
        f"--service-cluster-ip-range={SERVICES}",
        f"--tls-cert-file={pki.path('kube-apiserver.crt')}",
        f"--tls-private-key-file={pki.path('kube-apiserver.key')}",
        f"--client-ca-file={pki.path('ca.crt')}",
        f"--kubelet-certificate-authority={pki.path('ca.crt')}",
        f"--kubelet-client-certificate={pki.path('kube-apiserver-kubelet-client.crt')}",
        f"--kubelet-client-key={pki.path('kube-apiserver-kubelet-client.key')}",
        # By name exec and logs would ask a DNS server for `node-1`.
        "--kubelet-preferred-address-types=InternalIP",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--enable-admission-plugins=NodeRestriction",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-signing-key-file={pki.path('service-accounts.key')}",
        f"--service-account-key-file={pki.path('service-accounts.pub')}",
        f"--audit-policy-file={_AUDIT_POLICY}",
        f"--audit-log-path={slot.out / 'audit.log'}",
        "--audit-log-maxsize=2000",
        "--profiling=false",
    ])
    node.wait(lambda: ready(programs, pki), "the API server's /readyz", 90, "kube-apiserver")


def ready(programs, pki):
    return succeeds(programs / "kubectl", "--kubeconfig", pki.path("admin.kubeconfig"), "get",
                    "--raw", "/readyz", "--request-timeout=5s")


def start_controllers(node, programs, pki):
    """Only once the API server is ready: before the bootstrap of RBAC they would end with a 403."""
    node.start("kube-controller-manager", [
        programs / "kube-controller-manager",
        f"--kubeconfig={pki.path('kube-controller-manager.kubeconfig')}",
        f"--authentication-kubeconfig={pki.path('kube-controller-manager.kubeconfig')}",
        f"--authorization-kubeconfig={pki.path('kube-controller-manager.kubeconfig')}",
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={node.slot.pods}",
        f"--service-cluster-ip-range={SERVICES}",
        f"--cluster-signing-cert-file={pki.path('ca.crt')}",
        f"--cluster-signing-key-file={pki.path('ca.key')}",
        f"--root-ca-file={pki.path('ca.crt')}",
        f"--service-account-private-key-file={pki.path('service-accounts.key')}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
    ])
    node.start("kube-scheduler", [
        programs / "kube-scheduler",
        f"--kubeconfig={pki.path('kube-scheduler.kubeconfig')}",
        f"--authentication-kubeconfig={pki.path('kube-scheduler.kubeconfig')}",
        f"--authorization-kubeconfig={pki.path('kube-scheduler.kubeconfig')}",
        "--leader-elect=false",
    ])
