"""Certificates and kubeconfigs of a cluster, with openssl; one authority signs all of them."""

import base64

from command import run
from slot import API_SERVICE

_DAYS = "3650"


class Pki:
    """The folder of keys of one slot."""

    def __init__(self, slot):
        self._slot = slot
        self.folder = slot.data / "pki"

    def path(self, name):
        return str(self.folder / name)

    def make_authority(self):
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", _DAYS, "-subj", "/CN=firebreak-e2e", "-keyout", self.path("ca.key"),
            "-out", self.path("ca.crt"), "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
            self.path("service-accounts.key"))
        run("openssl", "pkey", "-in", self.path("service-accounts.key"), "-pubout", "-out",
            self.path("service-accounts.pub"))

    def issue(self, name, common_name, organization=None, addresses=(), hosts=()):
        """A key and a certificate `name`.{key,crt}; with addresses or hosts it can also serve."""
        subject = (f"/O={organization}" if organization else "") + f"/CN={common_name}"
        names = [f"IP:{address}" for address in addresses] + [f"DNS:{host}" for host in hosts]
        usage = "clientAuth,serverAuth" if names else "clientAuth"
        extensions = f"keyUsage=critical,digitalSignature\nextendedKeyUsage={usage}\n"
        if names:
            extensions += f"subjectAltName={','.join(names)}\n"
        (self.folder / f"{name}.ext").write_text(extensions, encoding="utf-8")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", subject, "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr"))
        run("openssl", "x509", "-req", "-in", self.path(f"{name}.csr"), "-CA", self.path("ca.crt"),
            "-CAkey", self.path("ca.key"), "-CAcreateserial", "-days", _DAYS, "-extfile",
            self.path(f"{name}.ext"), "-out", self.path(f"{name}.crt"))

    def kubeconfig(self, name):
        """Writes `name`.kubeconfig with everything inside, and returns its path."""

        def inline(file):
            return base64.b64encode((self.folder / file).read_bytes()).decode()

        server = f"https://{self._slot.subnet('2')}:6443"
        target = self.folder / f"{name}.kubeconfig"
        target.write_text(f"""apiVersion: v1
kind: Config
clusters:
- name: firebreak-e2e
  cluster: {{server: "{server}", certificate-authority-data: {inline("ca.crt")}}}
users:
- name: {name}
  user:
    client-certificate-data: {inline(f"{name}.crt")}
    client-key-data: {inline(f"{name}.key")}
contexts:
- name: firebreak-e2e
  context: {{cluster: firebreak-e2e, user: {name}}}
current-context: firebreak-e2e
""", encoding="utf-8")
        target.chmod(0o600)
        return str(target)


# file -> (common name, organization); what each component is to the API server
_CLIENTS = {
    "admin": ("e2e-admin", "system:masters"),
    "kube-apiserver-kubelet-client": ("kube-apiserver-kubelet-client", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", None),
    "kube-scheduler": ("system:kube-scheduler", None),
    "kube-proxy": ("system:kube-proxy", None),
    "calico": ("e2e-calico", "system:masters"),
}


def make_all(slot, nodes):
    pki = Pki(slot)
    pki.make_authority()
    pki.issue("kube-apiserver", "kube-apiserver",
              addresses=(nodes[0].address, API_SERVICE, "127.0.0.1"),
              hosts=("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
                     "kubernetes.default.svc.cluster.local"))
    for name, (common_name, organization) in _CLIENTS.items():
        pki.issue(name, common_name, organization)
        pki.kubeconfig(name)
    for node in nodes:
        make_node(pki, node)
    return pki


def make_node(pki, node):
    pki.issue(node.name, f"system:node:{node.name}", "system:nodes",
              addresses=(node.address,), hosts=(node.name,))
    pki.kubeconfig(node.name)
