"""Runs programs; whatever they say goes into a log or into the error, never past the reader."""

import subprocess
import time

from progress import StepFailed


def run(*argv, log=None, env=None, cwd=None, stdin=None):
    """Runs to the end and returns what was printed; a failure is a StepFailed with the output's end."""
    argv = [str(word) for word in argv]
    if log:
        with open(log, "ab") as sink:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=env,
                                  cwd=cwd, check=False)
        if done.returncode:
            raise StepFailed(f"`{' '.join(argv[:6])}` ended with {done.returncode}", log)
        return ""
    done = subprocess.run(argv, input=stdin or "", capture_output=True, text=True, env=env, cwd=cwd,
                          check=False)
    if done.returncode:
        output = (done.stderr + done.stdout).strip()[-1500:]
        raise StepFailed(f"`{' '.join(argv)}` ended with {done.returncode}: {output}")
    return done.stdout


def succeeds(*argv, stdin=None):
    """True when the program ends with 0; what it prints is dropped."""
    try:
        return subprocess.run([str(word) for word in argv], input=stdin, text=True, check=False,
                              stdin=None if stdin else subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def wait_until(condition, what, seconds, log=None, every=0.2):
    """Polls until `condition()` is true. Raises what it raises, and StepFailed when time is up."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise StepFailed(f"{what} did not happen within {seconds} s", log)
        time.sleep(every)
