"""Runs one scanner over a folder: what it finds as (file, line), seconds of CPU, peak memory."""
import csv
import json
import os
import resource
import subprocess
import tempfile
import time


class Failed(Exception):
    """The tool ended without a report that can be read."""


def report(out):
    """The JSON that the tool wrote."""
    try:
        with open(out) as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise Failed(f"ended without a report ({type(error).__name__})") from error
    finally:
        if os.path.exists(out):
            os.unlink(out)


def measured(command, cwd=None, output=None):
    """Seconds of CPU, of wall time, and the peak resident size in MB; of the child alone."""
    started = time.monotonic()
    with open(output or os.devnull, "w") as out:
        child = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
    return usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / 1024


def firebreak(binary, folder):
    out = tempfile.mktemp()
    spent = measured([binary, "scan", folder + "/.", "-o", "json"], output=out)
    found = [f for f in report(out)["findings"] if f["family"] == "ExposedSecret"]
    return [(os.path.basename(f["file"]), f["line"], f["tier"], f["rule"]) for f in found], spent


def gitleaks(binary, folder):
    out = tempfile.mktemp()
    spent = measured([binary, "dir", os.path.realpath(folder), "--max-decode-depth", "3", "--no-banner",
                      "--redact", "--report-format", "json", "--report-path", out])
    found = report(out) or []
    return [(os.path.basename(f["File"]), f["StartLine"], "", f["RuleID"]) for f in found], spent


def detect_secrets(binary, folder):
    out = tempfile.mktemp()
    # It leaves out what is not below the folder that it runs in.
    spent = measured([binary, "scan", "--all-files", "."], cwd=os.path.realpath(folder), output=out)
    results = report(out)["results"]
    return [(os.path.basename(name), f["line_number"], "", f["type"]) for name, found in results.items()
            for f in found], spent


def credsweeper(binary, folder):
    out = tempfile.mktemp(suffix=".json")
    spent = measured([binary, "--path", os.path.realpath(folder), "--save-json", out, "--depth", "3",
                      "--jobs", "1"])
    found = []
    for item in report(out):
        line = item["line_data_list"][0]
        found.append((os.path.basename(line["path"]), line["line_num"], "", item["rule"]))
    return found, spent


TOOLS = {"firebreak": firebreak, "gitleaks": gitleaks, "detect-secrets": detect_secrets,
         "credsweeper": credsweeper}
