"""The slot's part of the cgroup tree, in every hierarchy that there is (v1, v2, or both).

Kubelets that shared a root would clean up each other's pods, and a kubelet wants its root to be
there beforehand.
"""

import os
import pathlib
import time


def _hierarchies():
    """(mount point, kind) of each cgroup hierarchy; kind is `cpuset`, `v1` or `v2`."""
    found = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ")[:3]
        mount = before.split(" ")[4]
        if kind == "cgroup2":
            found.append((pathlib.Path(mount), "v2"))
        elif kind == "cgroup":
            kind = "cpuset" if "cpuset" in options.split(",") else "v1"
            found.append((pathlib.Path(mount), kind))
    return found


def _copy_cpuset(folder):
    # A v1 cpuset begins empty, and no process can join an empty one.
    for name in ("cpuset.cpus", "cpuset.mems"):
        own = folder / name
        if own.exists() and not own.read_text(encoding="utf-8").strip():
            own.write_text((folder.parent / name).read_text(encoding="utf-8"), encoding="utf-8")


def _delegate(folder):
    # On v2 a controller has to be handed down level by level; some may not be ours to give.
    for controller in (folder / "cgroup.controllers").read_text(encoding="utf-8").split():
        try:
            (folder / "cgroup.subtree_control").write_text(f"+{controller}", encoding="utf-8")
        except OSError:
            pass


def make(path):
    """Makes `path` (like firebreak-e2e/SLOT/node-1) in every hierarchy."""
    for mount, kind in _hierarchies():
        folder = mount
        for part in path.split("/"):
            if kind == "v2":
                _delegate(folder)
            folder = folder / part
            folder.mkdir(exist_ok=True)
            if kind == "cpuset":
                _copy_cpuset(folder)


def _folders(path):
    """Every cgroup at or below `path`, deepest first."""
    for mount, _ in _hierarchies():
        # os.walk goes on where a cgroup vanishes under way: the kubelet removes some all the time.
        for folder, _, _ in os.walk(mount / path, topdown=False):
            yield pathlib.Path(folder)


def thaw(path):
    """A frozen process does not take SIGKILL on v1: whoever wants it gone thaws it first."""
    for folder in _folders(path):
        for name, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            try:
                (folder / name).write_text(value, encoding="utf-8")
            except OSError:
                pass


def processes(path):
    found = set()
    for folder in _folders(path):
        try:
            found.update(map(int, (folder / "cgroup.procs").read_text(encoding="utf-8").split()))
        except OSError:
            pass
    return found - {0}


def remove(path, seconds=10):
    """Removes `path` everywhere, which takes the kernel a moment. True when it is gone."""
    end = time.monotonic() + seconds
    while True:
        for folder in _folders(path):
            try:
                folder.rmdir()
            except OSError:
                pass
        if not any(True for _ in _folders(path)):
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
