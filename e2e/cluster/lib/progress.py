"""One line per step with its seconds, and a failure that names the log to read."""

import contextlib
import sys
import time

_BEGIN = time.monotonic()


class StepFailed(Exception):
    """A step did not work. `log` is the file that says why, if there is one."""

    def __init__(self, message, log=None):
        super().__init__(message)
        self.log = log


def say(text):
    # Whoever read us may be gone (Ctrl-C ends a pager or tee too); the cleaning up goes on.
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)


@contextlib.contextmanager
def step(name, announce=None, log=None):
    """Runs the body and prints `name` with its seconds; `announce` comes first, for slow ones."""
    if announce:
        say(f"  ...     {name}: {announce}")
    begin = time.monotonic()
    try:
        yield
    except StepFailed as failure:
        failure.log = failure.log or log
        say(f"  FAILED  {name} after {time.monotonic() - begin:.1f} s")
        raise
    say(f"  {time.monotonic() - begin:6.1f} s {name}")


def total_seconds():
    return time.monotonic() - _BEGIN


def report(failure):
    """What a person has to know about a failed start, the last lines of the log included."""
    sys.stdout.flush()
    print(f"cluster: {failure}", file=sys.stderr)
    if not failure.log:
        return
    print(f"cluster: read {failure.log}", file=sys.stderr)
    try:
        with open(failure.log, encoding="utf-8", errors="replace") as log:
            for line in log.readlines()[-15:]:
                print(f"    {line.rstrip()[:300]}", file=sys.stderr)
    except OSError:
        pass
