"""The one cache: results by content hash of their recipe, made once, seen only when complete.

`${FIREBREAK_CACHE:-$HOME/.cache/firebreak}/KIND/HASH/` appears by an atomic rename, so that a build
that was interrupted leaves nothing that a later run could take for whole. Two runs that want the
same thing wait for each other on a lock.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import time

_KEEP_SECONDS = 30 * 24 * 3600


def root():
    return pathlib.Path(os.environ.get("FIREBREAK_CACHE")
                        or pathlib.Path.home() / ".cache" / "firebreak")


def digest(*parts):
    """A hash over texts and over files or folders (their names and contents)."""
    state = hashlib.sha256()
    for part in parts:
        if not isinstance(part, pathlib.Path):
            state.update(f"text {len(str(part))} {part}".encode())
            continue
        files = sorted(p for p in part.rglob("*") if p.is_file()) if part.is_dir() else [part]
        for file in files:
            name = file.relative_to(part) if part.is_dir() else file.name
            mode = "x" if os.access(file, os.X_OK) else "-"
            content = file.read_bytes()
            state.update(f"file {name} {mode} {len(content)} ".encode() + content)
    return state.hexdigest()[:20]


@contextlib.contextmanager
def locked(path):
    """Holds an exclusive lock on the file; it ends with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def get(kind, key, make):
    """The folder of `kind`/`key`; when there is none, `make(folder)` fills it first."""
    folder = root() / kind / key
    if folder.is_dir():
        folder.touch()
        return folder
    with locked(root() / kind / f".{key}.lock"):
        if folder.is_dir():
            return folder
        partial = root() / kind / f".{key}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            make(partial)
            partial.rename(folder)
            _forget_unused(root() / kind)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def _forget_unused(kind):
    """What nobody asked for in a month is an older recipe's."""
    for folder in kind.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _KEEP_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def has(kind, key):
    return (root() / kind / key).is_dir()


def lockable(path):
    """True when nobody holds the lock right now."""
    if not path.exists():
        return True
    with open(path, "w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
