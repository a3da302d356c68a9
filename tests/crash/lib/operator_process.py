"""The operator behind the counting proxy: started, killed at a call, started again."""

import os
import pathlib
import signal
import subprocess
import time

KILLED = 10


class OperatorDied(Exception):
    pass


class Operator:
    """One operator at a time. What it called, over all its lives, is in `calls`: its writes to the API server,
    and all that went through `taps`, each (option of the proxy, listening socket, target)."""

    def __init__(self, api, proxy, binary, token_file, folder, elect=False, taps=()):
        self._api, self._proxy, self._binary = api, proxy, binary
        self._token_file, self._folder = token_file, pathlib.Path(folder)
        self._elect = elect  # two of them, one leads
        self._taps = taps
        self._process = None
        self._earlier = []
        self.kills = 0
        self.log = self._folder / "operator.log"

    def start(self, cut="", conflicts=0):
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "calls").unlink(missing_ok=True)
        command = [self._proxy, "--server", self._api.server, "--ca", self._api.ca,
                   "--token-file", self._token_file, "--dir", str(self._folder)]
        command += ["--cut", cut] if cut else []
        command += ["--conflicts", str(conflicts)] if conflicts else []
        command += [f"--{option}={listener.fileno()}={target}" for option, listener, target in self._taps]
        command += ["--", self._binary, "operator", f"--leader-elect={'true' if self._elect else 'false'}", "--metrics-address", "",
                    "--namespace", "firebreak-system"]
        name = f"crash-{os.getpid()}-{self._folder.name}"
        environment = {**os.environ, "POD_NAME": name, "FIREBREAK_HEALTHZ_SOCKET": f"firebreak-{name}"}
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment,
                                             pass_fds=[listener.fileno() for _, listener, _ in self._taps])

    def _now(self):
        path = self._folder / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def calls(self):
        return self._earlier + self._now()

    def judges(self):
        """True once the operator that lives now has its caches and looks at what there is."""
        return self.log.read_text(encoding="utf-8").count('"caches are in step"') > self.kills

    def tend(self):
        """Starts it again where the proxy killed it; any other end is a failure of its own."""
        result = self._process.poll()
        if result is None:
            return
        if result != KILLED:
            raise OperatorDied(f"the operator ended by itself ({result}); see {self.log}")
        self.kills += 1
        self._earlier += self._now()
        self.start()  # with a list of calls of its own

    def go_on(self):
        """Ends the stop of a `stop:K`."""
        self._process.send_signal(signal.SIGUSR1)

    def stop(self):
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise OperatorDied(f"the operator does not stop; see {self.log}") from None
        finally:
            self._earlier += self._now()
            self._process = None
            (self._folder / "calls").unlink(missing_ok=True)
            (self._folder / "all-calls").write_text("\n".join(self._earlier) + "\n", encoding="utf-8")


class Quiet:
    """True once a condition held for a while in which nothing was called."""

    def __init__(self, operator, seconds=1.5):
        self._operator, self._seconds = operator, seconds
        self._seen, self._since = None, 0.0

    def __call__(self, holds):
        count = (len(self._operator.calls), self._operator.kills)
        if not holds or count != self._seen or not self._operator.judges():
            self._seen, self._since = count, time.monotonic()
        return time.monotonic() - self._since >= self._seconds
