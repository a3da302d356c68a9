"""What the crash tests share: stages to play stories on, the operator that plays them, and the judgement."""

import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

import normal
import rotations
import scenarios
from api import Api, ApiError
from operator_process import Operator, OperatorDied, Quiet

HERE = pathlib.Path(__file__).resolve().parent.parent
TOP = HERE.parent.parent


class NotConverged(Exception):
    pass


class Stage:
    """A namespace in which one story may be played."""

    def __init__(self, api, scenario, name):
        self.api, self.scenario, self.name = api, scenario, name
        self.initial = {}

    def build(self):
        self.api.create("namespaces", "", {"metadata": {"name": self.name}})
        self.scenario.prepare(self.api, self.name)
        wait(lambda: self.scenario.ready(self.api, self.name), 90, f"{self.name} does not become ready")
        self.initial = normal.digests(self.api.list("secrets", self.name))
        return self

    def clear(self):
        self.api.delete("securitypolicies", "", self.name)
        for each in self.api.list("remediations"):
            if each["spec"]["targetRef"].get("namespace") == self.name:
                name = each["metadata"]["name"]
                if each["metadata"].get("finalizers"):
                    subprocess.run(
                        ["kubectl", "--as=system:serviceaccount:firebreak-system:firebreak-operator",
                         "--as-group=system:masters", "patch", "remediations.firebreak.dev", name,
                         "--type=merge", "-p", '{"metadata":{"finalizers":null}}'],
                        check=False, capture_output=True)
                self.api.delete("remediations", "", name)
        self.api.delete("namespaces", "", self.name)


def wait(condition, seconds, what, tend=None):
    deadline = time.monotonic() + seconds
    while True:
        if tend:
            tend()
        if condition():
            return
        if time.monotonic() > deadline:
            raise NotConverged(what)
        time.sleep(0.1)


def play(api, stage, operator, cut, conflicts=0):
    """One run of the story, to its end; answers the state and the Events that it leaves."""
    api.create("securitypolicies", "", stage.scenario.policy(stage.name))
    operator.start(cut, conflicts)
    for step in stage.scenario.steps:
        quiet = Quiet(operator)

        def reached(step=step, quiet=quiet):
            return quiet(step.until(api, stage.name))
        wait(reached, 180, f"is not {step.name} after 180 s", operator.tend)
        if step.act:
            step.act(api, stage.name)
    state, events = normal.snapshot(api, stage.name, stage.initial)
    if stage.scenario.outside:
        state["outside"] = normal.tree(stage.scenario.outside(api, stage.name, operator.calls),
                                       stage.name)
    return state, events


class Bench:
    def __init__(self, api, binary, folder):
        self.api, self.folder = api, folder
        self._binary = binary
        self._proxy = folder / "proxy"
        go = shutil.which("go") or "/usr/local/go/bin/go"
        subprocess.run([go, "build", "-trimpath", "-o", self._proxy, "."], cwd=HERE / "proxy", check=True)
        self._token = folder / "token"
        self._builder = concurrent.futures.ThreadPoolExecutor(1)
        self._cleaner = concurrent.futures.ThreadPoolExecutor(1)
        self._next, self._count = None, 0
        self._run = format(int(time.time()) % 46656 * 7 % 65536, "x")

    def new_token(self):
        answer = subprocess.run(["kubectl", "create", "token", "firebreak-operator", "--namespace",
                                 "firebreak-system", "--duration=6h"], check=True, capture_output=True, text=True)
        self._token.touch(0o600)
        self._token.write_text(answer.stdout.strip(), encoding="utf-8")

    def operator(self, label, elect=False, taps=()):
        folder = self.folder / label
        shutil.rmtree(folder, ignore_errors=True)
        return Operator(self.api, str(self._proxy), self._binary, str(self._token), folder, elect, taps)

    def stage(self, scenario, following):
        """The stage that was built ahead, or a new one; starts to build the one that follows."""
        stage = self._next
        self._next = None
        stage = stage.result() if stage else self._fresh(scenario).build()
        if stage.scenario is not scenario:
            self._cleaner.submit(stage.clear)
            stage = self._fresh(scenario).build()
        if following:
            self._next = self._builder.submit(self._fresh(following).build)
        return stage

    def _fresh(self, scenario):
        self._count += 1
        return Stage(self.api, scenario, f"crash-{scenario.name}-{self._run}-{self._count}")

    def done(self, stage):
        self._cleaner.submit(stage.clear)

    def close(self):
        if self._next:
            try:
                self.done(self._next.result())
            except (NotConverged, ApiError):
                pass
        self._builder.shutdown()
        self._cleaner.shutdown()


def trial(bench, scenario, label, cut, following):
    stage = bench.stage(scenario, following)
    operator = bench.operator(label, taps=scenario.taps())
    try:
        state, events = play(bench.api, stage, operator, cut)
        return state, events, operator
    finally:
        try:
            operator.stop()
        finally:
            bench.done(stage)


def twice(events):
    """Events that tell the same of the same object more than once."""
    seen, again = set(), []
    for each in events:
        key = tuple(each[:4])
        if key in seen or each[-1] != 1:
            again.append(f"{each[0]} of {each[3]} was told more than once")
        seen.add(key)
    return again


def judge(reference, state, events):
    wanted_state, wanted_events = reference
    found = list(normal.differences(wanted_state, state)) + twice(events)
    for each in wanted_events:
        if each not in events:
            found.append(f"no Event {each}")
    for each in events:
        if each not in wanted_events:
            found.append(f"an Event more: {each}")
    return found


def add_binary_option(parser):
    parser.add_argument("--binary", default=str(TOP / "build" / "release" / "firebreak"))


@contextlib.contextmanager
def opened(binary):
    """A Bench, with the chart's operator stopped for its time."""
    # Interrupted or terminated it cleans up too, also where a parent ignores SIGINT.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    api = Api()
    folder = TOP / "build" / "crash"
    folder.mkdir(parents=True, exist_ok=True)
    scale = ["kubectl", "--namespace", "firebreak-system", "scale", "deployment/firebreak-operator"]
    replicas = api.get("deployments", "firebreak-system", "firebreak-operator")["spec"]["replicas"]
    subprocess.run([*scale, "--replicas=0"], check=True, capture_output=True)
    bench = Bench(api, binary, folder)
    try:
        wait(lambda: not any(each["metadata"]["name"].startswith("firebreak-operator")
                             for each in api.list("pods", "firebreak-system")), 60, "the operator stays")
        bench.new_token()
        scenarios.pool(api)
        yield bench
    finally:
        bench.close()
        api.delete("namespaces", "", scenarios.POOL)
        rotations.forget(api)
        subprocess.run([*scale, f"--replicas={replicas}"], check=False, capture_output=True)
