"""Removes a slot: processes, mounts, cgroups, namespaces, files; safe to repeat at any time.

Nothing here trusts that the start came to its end. What has to go is found by the slot's names and,
for processes, by pid and start time, so that no pid that went to somebody else meanwhile is hit.
"""

import os
import pathlib
import shutil
import signal
import time

import cgroups
import network
from command import run, succeeds
from progress import StepFailed, step
from slot import CGROUP, Slot, start_time


def _users_of(slot):
    """Processes whose network namespace is one of the slot's: nsenter'd tools, for one."""
    folder = pathlib.Path("/run/netns")
    names = folder.glob(f"firebreak-{slot.name}-*") if folder.is_dir() else ()
    inodes = {os.stat(name).st_ino for name in names}
    found = set()
    for process in pathlib.Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            if os.stat(process / "ns" / "net").st_ino in inodes:
                found.add(int(process.name))
        except OSError:
            pass
    return found


def _kill_until(gone, group, find, what, seconds):
    """Kills whom `find` names, thawed, again and again until it names nobody and `gone` says yes."""
    end = time.monotonic() + seconds
    while True:
        cgroups.thaw(group)
        found = find()
        if not found and gone():
            return
        if time.monotonic() > end:
            raise StepFailed(f"{what} {sorted(found)} do not end")
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)


def _kill_all(slot, seconds=20):
    def find():
        targets = {p["pid"] for p in slot.alive()} | cgroups.processes(slot.cgroup) | _users_of(slot)
        return {pid for pid in targets if start_time(pid) is not None} - {os.getpid()}
    _kill_until(lambda: True, slot.cgroup, find, "processes", seconds)


def end_pods(node, seconds=20):
    """Kills what runs in the node's pods and takes their cgroups away."""
    pods = f"{node.cgroup}/kubepods"
    _kill_until(lambda: cgroups.remove(pods, seconds=1), pods, lambda: cgroups.processes(pods),
                f"processes of pods of {node.name}", seconds)


def _unmount_all(slot):
    """Longest path first. Pods' mounts went with the node's namespace; this is for the rest."""
    table = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    mounts = [line.split(" ")[4] for line in table.splitlines()]
    ours = [mount for mount in mounts if mount.startswith(f"{slot.data}/")]
    for mount in sorted(ours, key=len, reverse=True):
        if not succeeds("umount", mount):
            run("umount", "--lazy", mount)


def _trim(folder):
    try:
        folder.rmdir()
    except OSError:
        pass


def remove(slot):
    """Afterwards the slot has left nothing on the machine but its logs in the checkout."""
    _kill_all(slot)
    _unmount_all(slot)
    network.remove(slot)
    if succeeds("ip", "link", "show", network.host_link(slot)):
        run("ip", "link", "delete", network.host_link(slot))
    if not cgroups.remove(slot.cgroup):
        raise StepFailed(f"the cgroup {slot.cgroup} does not go away")
    if not any(other.name != slot.name for other in Slot.all()):
        cgroups.remove(CGROUP, seconds=0)
    shutil.rmtree(slot.data, ignore_errors=True)
    shutil.rmtree(slot.run, ignore_errors=True)
    _trim(slot.data.parent)
    slot.state.update(processes=[], phase="none")


def remove_dead(keep):
    """Slots of any checkout whose processes are gone (killed, or lost in a reboot)."""
    for slot in Slot.all():
        if slot.name == keep.name or slot.alive() or slot.busy():
            continue
        with slot.lock(), step(f"remove slot {slot.name}, whose processes are gone"):
            if not slot.alive():
                remove(slot)
