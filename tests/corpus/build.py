"""Writes the corpus into a folder: planted/ (one credential each), traps/ (none), real/ (none).

Returns the truth: for each planted file the kind, the place and the lines that hold the value.
"""
import hashlib
import json
import os
import random
import shutil
import subprocess

import yaml

import files
import negatives
import places
import providers
from alphabets import Maker


class Dumper(yaml.SafeDumper):
    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, indentless)

    def ignore_aliases(self, data):
        return True


def represent_text(dumper, text):
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, represent_text)


def write(path, objects):
    text = yaml.dump_all(objects, Dumper=Dumper, sort_keys=False, width=100000, default_flow_style=False)
    with open(path, "w") as file:
        file.write(text)
    return text


def truth_lines(with_value, without):
    """Lines that differ from the same manifest with another value: where the credential is."""
    ours, others = with_value.splitlines(), without.splitlines()
    start = next((i for i, (a, b) in enumerate(zip(ours, others)) if a != b), 0)
    end = next((i for i, (a, b) in enumerate(zip(reversed(ours), reversed(others))) if a != b), 0)
    # A block's key stands on the line before it.
    return [max(1, start), max(start + 1, len(ours) - end)]


def plant(folder, seed, each):
    os.makedirs(folder)
    truth = []
    for kind, (value_of, names) in providers.P.items():
        choices = list(places.ANYWHERE)
        if kind in providers.PASSWORDS:
            choices += places.FOR_PASSWORDS + files.PLACES
        for number in range(each * (3 if kind in providers.PASSWORDS or kind == "api-key" else 1)):
            make = Maker(random.Random(f"{seed}-{kind}-{number}"))
            name = make.pick(names)
            for _ in range(50):
                state = make.random.getstate()
                value = value_of(make)
                place = make.pick(choices)
                at = make.random.getstate()
                objects = place(make, name, value)
                if objects:
                    break
                make.random.setstate(state)
                make.random.random()
            path = os.path.join(folder, f"{kind}-{number}.yaml")
            text = write(path, objects)
            make.random.setstate(at)
            other = place(make, name, value[:-1] + ("0" if value[-1] != "0" else "1")) or objects
            other_text = yaml.dump_all(other, Dumper=Dumper, sort_keys=False, width=100000)
            if providers.MULTILINE & {kind}:
                lines = [1, len(text.splitlines())]
            else:
                lines = truth_lines(text, other_text)
            truth.append({"file": os.path.basename(path), "kind": kind, "place": place.__name__,
                          "name": name, "lines": lines, "digest": hashlib.sha256(value.encode()).hexdigest()})
    return truth


def trap(folder, seed):
    os.makedirs(folder)
    make = Maker(random.Random(f"{seed}-traps"))
    count = 0
    named = [p for p in places.ANYWHERE if p not in places.NAMELESS]
    pairs = list(negatives.STATIC)
    for _ in range(3):
        pairs += negatives.generated(make)
    for name, value in pairs:
        for _ in range(20):
            objects = make.pick(named)(make, name, value)
            if objects:
                break
        write(os.path.join(folder, f"value-{count}.yaml"), objects)
        count += 1
    for _ in range(3):
        for objects in negatives.documents(make):
            write(os.path.join(folder, f"object-{count}.yaml"), objects)
            count += 1
    return count


def module_folders(listing):
    with open(listing) as file:
        modules = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    folders = []
    for module in modules:
        done = subprocess.run(["go", "mod", "download", "-json", module], capture_output=True, text=True,
                              env={**os.environ, "GOFLAGS": "-mod=mod"}, cwd="/")
        answer = json.loads(done.stdout or "{}")
        if "Dir" in answer:
            folders.append((module, answer["Dir"]))
        else:
            print(f"  {module}: not to be had, left out")
    return folders


def collect(folder, listing):
    """Every YAML or JSON file of the modules that holds Kubernetes objects, once each."""
    os.makedirs(folder)
    seen, count = set(), 0
    for module, source in module_folders(listing):
        prefix = module.split("@")[0].replace("/", "_")
        for root, _, names in os.walk(source):
            for name in sorted(names):
                if not name.endswith((".yaml", ".yml", ".json")):
                    continue
                path = os.path.join(root, name)
                with open(path, "rb") as file:
                    data = file.read()
                if len(data) > 1 << 20 or b"apiVersion" not in data or b"kind" not in data:
                    continue
                digest = hashlib.sha256(data).hexdigest()
                if digest in seen:
                    continue
                seen.add(digest)
                # Flat names: a folder called "testdata" or "vendor" would make some tools skip it.
                flat = os.path.relpath(path, source).replace("/", "__")[-150:]
                with open(os.path.join(folder, f"{prefix}__{flat}"), "wb") as file:
                    file.write(data)
                count += 1
    return count


def build(folder, listing, seed, each, real_cache=None):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    truth = plant(os.path.join(folder, "planted"), seed, each)
    traps = trap(os.path.join(folder, "traps"), seed)
    real = os.path.join(folder, "real")
    if real_cache and os.path.isdir(real_cache):
        os.symlink(os.path.abspath(real_cache), real)
        reals = len(os.listdir(real_cache))
    else:
        reals = collect(real, listing)
    return truth, traps, reals
