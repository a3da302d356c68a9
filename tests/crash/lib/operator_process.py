"""The operator behind the counting proxy: started, killed at a write, started again."""

import os
import pathlib
import signal
import subprocess
import time

KILLED = 10


class OperatorDied(Exception):
    pass


class Operator:
    """One operator at a time. What it wrote, over all its lives, is in `writes`."""

    def __init__(self, api, proxy, binary, token_file, folder):
        self._api, self._proxy, self._binary = api, proxy, binary
        self._token_file, self._folder = token_file, pathlib.Path(folder)
        self._process = None
        self._earlier = []
        self.kills = 0
        self.log = self._folder / "operator.log"

    def start(self, cut=""):
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "writes").unlink(missing_ok=True)
        command = [self._proxy, "--server", self._api.server, "--ca", self._api.ca,
                   "--token-file", self._token_file, "--dir", str(self._folder)]
        command += ["--cut", cut] if cut else []
        command += ["--", self._binary, "operator", "--leader-elect=false", "--metrics-address", "",
                    "--namespace", "firebreak-system"]
        environment = {**os.environ, "POD_NAME": "crash-test",
                       "FIREBREAK_HEALTHZ_SOCKET": f"firebreak-crash-{os.getpid()}"}
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def _now(self):
        path = self._folder / "writes"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def writes(self):
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
        self.start()  # with a list of writes of its own

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
            (self._folder / "writes").unlink(missing_ok=True)
            (self._folder / "all-writes").write_text("\n".join(self._earlier) + "\n", encoding="utf-8")


class Quiet:
    """True once a condition held for a while in which nothing was written."""

    def __init__(self, operator, seconds=1.5):
        self._operator, self._seconds = operator, seconds
        self._seen, self._since = None, 0.0

    def __call__(self, holds):
        count = (len(self._operator.writes), self._operator.kills)
        if not holds or count != self._seen or not self._operator.judges():
            self._seen, self._since = count, time.monotonic()
        return time.monotonic() - self._since >= self._seconds
