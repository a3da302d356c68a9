"""Kubernetes, Calico, CoreDNS, kubectl, helm and cert-manager, built from pinned Go modules into the cache."""

import os
import pathlib
import re
import shutil

import cache
from command import run
from progress import StepFailed, step

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "binaries"
_VERSIONS = (SOURCES / "kubernetes" / "go.mod").read_text(encoding="utf-8")
KUBERNETES = re.search(r"k8s.io/kubernetes (v1\.(\d+)\.\d+)", _VERSIONS)
_HELM = re.search(r"helm.sh/helm/v3 (v[\d.]+)", _VERSIONS)
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy",
              "kubelet", "kubectl")

_STAMP = " ".join(f"-X {package}.{name}={value}"
                  for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
                  for name, value in (("gitVersion", KUBERNETES[1]), ("gitMajor", "1"),
                                      ("gitMinor", KUBERNETES[2])))
_STAMP += f" -X helm.sh/helm/v3/internal/version.version={_HELM[1]}" + "".join(
    # What `helm template` and `helm lint` take for the cluster's version.
    f" -X helm.sh/helm/v3/pkg/{package}.k8sVersion{part}={value}"
    for package in ("chartutil", "lint/rules")
    for part, value in (("Major", "1"), ("Minor", KUBERNETES[2])))
_CALICO = "github.com/projectcalico/calico"
_CERT_MANAGER = "github.com/cert-manager/cert-manager"
# module folder -> packages, linker flags, what a cold build takes on two cores
_MODULES = {
    "kubernetes": (("./kubernetes", "./coredns", "helm.sh/helm/v3/cmd/helm"), f"-s -w {_STAMP}",
                   "about 8 minutes when nothing is cached"),
    "calico": ((f"{_CALICO}/felix/cmd/calico-felix", f"{_CALICO}/cni-plugin/cmd/calico"), "-s -w",
               "about 4 minutes when nothing is cached"),
    "cert-manager": ((f"{_CERT_MANAGER}/cmd/controller",), "-s -w",
                     "about 3 minutes when nothing is cached"),
}


def go():
    """The Go command: from PATH, from its usual place, or from where `make deps` puts it."""
    for candidate in (os.environ.get("GO"), str(cache.root() / "go" / "bin" / "go"),
                      shutil.which("go"), "/usr/local/go/bin/go"):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise StepFailed("no Go compiler found; `make deps` installs one")


def _environment():
    # The go.mod files ask for a newer Go than many have: let it bring its own toolchain.
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "auto", "GOWORK": "off"}


def _module(source, path):
    return pathlib.Path(run(go(), "list", "-m", "-f", "{{.Dir}}", path, cwd=source,
                            env=_environment()).strip())


def _build(name, folder, log):
    packages, flags, _ = _MODULES[name]
    source = SOURCES / name
    run(go(), "build", "-trimpath", "-mod=readonly", "-ldflags", flags, "-o", f"{folder}/",
        *packages, cwd=source, env=_environment(), log=log)
    if name == "kubernetes":
        for component in COMPONENTS:
            (folder / component).symlink_to("kubernetes")
    if name == "calico":
        shutil.copyfile(_module(source, _CALICO) / "manifests/crds.yaml", folder / "crds.yaml")
    if name == "cert-manager":
        # Of its chart's templates only the labels are templated.
        definitions = (_module(source, _CERT_MANAGER) / "deploy/crds").glob("crd-*.yaml")
        lines = [line for each in sorted(definitions)
                 for line in ["---", *each.read_text(encoding="utf-8").splitlines()]]
        (folder / "crds.yaml").write_text("\n".join(line for line in lines if "{{" not in line) + "\n",
                                          encoding="utf-8")


def folder(name, log):
    """The folder with the module's programs, built first when the cache has none."""
    packages, flags, duration = _MODULES[name]
    key = cache.digest(SOURCES / name, *packages, flags, os.uname().machine)
    if cache.has("binaries", key):
        return cache.get("binaries", key, None)
    with step(f"build {name}", announce=f"{duration}; log in {log}", log=log):
        return cache.get("binaries", key, lambda partial: _build(name, partial, log))
