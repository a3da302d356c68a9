"""A slot: the part of the machine that one cluster of one checkout owns.

Names, subnets and the cgroup root follow from the checkout's path (and a suffix: `make test` and
`make demo` have clusters of their own), so that several checkouts can run at the same time and so
that everything can be found again and removed even when the process that made it was killed.

`/run/firebreak-e2e/SLOT/state.json` says which processes were started (pid and start time; after a
reboot it is gone like they are); what is large lies in `/var/lib/firebreak-e2e/SLOT/`, since /run
is memory on most machines.
"""

import hashlib
import json
import os
import pathlib
import re

import cache
from command import run
from progress import StepFailed

RUN = pathlib.Path("/run/firebreak-e2e")
DATA = pathlib.Path("/var/lib/firebreak-e2e")
CGROUP = "firebreak-e2e"
NUMBERS = 64
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"


def start_time(pid):
    """When the process started, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return None
    state, start = fields.split()[0], fields.split()[19]
    return None if state in "ZX" else int(start)


class Slot:
    """Paths, names and recorded processes of one cluster."""

    def __init__(self, name, state=None):
        self.name = name
        self.run = RUN / name
        self.data = DATA / name
        self.cgroup = f"{CGROUP}/{name}"
        self._file = self.run / "state.json"
        self.state = state or self._read()

    @classmethod
    def of(cls, checkout, suffix):
        path = str(pathlib.Path(checkout).resolve())
        name = hashlib.sha256(f"{path}\0{suffix}".encode()).hexdigest()[:8]
        slot = cls(name)
        slot.state.update(checkout=path, suffix=suffix)
        return slot

    @classmethod
    def all(cls):
        """Every slot of this machine that has left a trace."""
        names = {p.name for folder in (RUN, DATA) if folder.is_dir() for p in folder.iterdir()
                 if re.fullmatch(r"[0-9a-f]{8}", p.name)}
        return [cls(name) for name in sorted(names)]

    def _read(self):
        try:
            return json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {"processes": [], "phase": "none"}

    def refresh(self):
        """Reads the state again, for whoever had to wait for the lock."""
        self.state.update(self._read())

    def save(self):
        self.run.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(self.state, indent=1), encoding="utf-8")
        partial.rename(self._file)

    # --- where things are -------------------------------------------------------------------

    @property
    def out(self):
        """What the user sees: kubeconfig, audit log, logs, kubectl and helm."""
        suffix = self.state["suffix"]
        return pathlib.Path(self.state["checkout"]) / "build" / (
            f"cluster-{suffix}" if suffix else "cluster")

    @property
    def logs(self):
        return self.out / "logs"

    @property
    def nodes(self):
        return int(self.state.get("nodes", 1))

    def subnet(self, suffix=""):
        return f"10.77.{self.state['number']}.{suffix or '0/24'}"

    @property
    def pods(self):
        return f"10.{128 + self.state['number']}.0.0/16"

    def lock(self):
        return cache.locked(RUN / f"{self.name}.lock")

    def busy(self):
        """True while another process starts or stops this slot."""
        return not cache.lockable(RUN / f"{self.name}.lock")

    # --- processes --------------------------------------------------------------------------

    def record(self, name, pid, log=None):
        self.state["processes"].append(
            {"name": name, "pid": pid, "start": start_time(pid), "log": str(log) if log else None})
        self.save()

    def alive(self):
        return [p for p in self.state["processes"] if p["start"] is not None
                and start_time(p["pid"]) == p["start"]]

    def dead(self):
        alive = self.alive()
        return [p for p in self.state["processes"] if p not in alive]

    def healthy(self):
        return (self.state["phase"] == "ready" and bool(self.state["processes"])
                and not self.dead())

    # --- numbers ----------------------------------------------------------------------------

    def claim(self, nodes):
        """Takes a free number (and with it subnets) and says so in /run before anything is made."""
        with cache.locked(RUN / "numbers.lock"):
            taken = {s.state.get("number") for s in Slot.all() if s.name != self.name}
            routes = run("ip", "-4", "route", "show", "table", "all")
            wished = int(self.name, 16)
            for number in ((wished + i) % NUMBERS for i in range(NUMBERS)):
                self.state["number"] = number
                in_use = any(f" {prefix}" in f" {routes}" for prefix in
                             (self.subnet("").rsplit(".", 1)[0] + ".", f"10.{128 + number}."))
                if number not in taken and not in_use:
                    break
            else:
                raise StepFailed(f"no free subnet: all {NUMBERS} are taken; see {RUN}")
            self.state.update(phase="starting", nodes=nodes, processes=[], owner=os.getpid())
            self.save()
