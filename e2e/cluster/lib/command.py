"""Runs programs; whatever they say goes into a log or into the error, never past the reader."""

import subprocess
import time

from progress import StepFailed


def _finish(process, stdin=None):
    """Waits for the end; when we are interrupted the program is too, and may clean up."""
    try:
        return process.communicate(stdin)
    except BaseException:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def run(*argv, log=None, env=None, cwd=None, stdin=None):
    """Runs to the end and returns what was printed; a failure carries the end of the output."""
    argv = [str(word) for word in argv]
    if log:
        with open(log, "ab") as sink:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                                       env=env, cwd=cwd)
            _finish(process)
        if process.returncode:
            raise StepFailed(f"`{' '.join(argv[:6])}` ended with {process.returncode}", log)
        return ""
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=env, cwd=cwd)
    output, errors = _finish(process, stdin or "")
    if process.returncode:
        raise StepFailed(f"`{' '.join(argv)}` ended with {process.returncode}: "
                         f"{(errors + output).strip()[-1500:]}")
    return output


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
