"""Root filesystems of images: programs of this machine, what they need to run, and no more."""

import os
import pathlib
import re
import shutil

from command import run

_FOLDERS = ("usr/bin", "usr/lib", "usr/lib64", "etc", "tmp")
_LINKS = {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64"}  # as Debian has it


def make(rootfs):
    rootfs = pathlib.Path(rootfs)
    for folder in _FOLDERS:
        (rootfs / folder).mkdir(parents=True)
    for name, target in _LINKS.items():
        (rootfs / name).symlink_to(target)
    (rootfs / "tmp").chmod(0o1777)
    return rootfs


def add_libraries(rootfs, program):
    """The dynamic loader and every library that the program names, at one place each."""
    for library in re.findall(r"(/\S+) \(0x", run("ldd", program)):
        loader = re.search(r"/(ld-linux|ld64)", library)
        # The loader's path is in the program; libraries are found in /usr/lib from any folder.
        target = rootfs / ("usr" + library if loader and not library.startswith("/usr")
                           else library.lstrip("/") if loader
                           else f"usr/lib/{library.rsplit('/', 1)[1]}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, target)


def add_program(rootfs, program, name=None):
    target = rootfs / "usr/bin" / (name or pathlib.Path(program).name)
    shutil.copy2(program, target)
    add_libraries(rootfs, program)
    return target


def add_accounts(rootfs, *accounts):
    """(name, uid) each; and names are looked up in files, then DNS."""
    lines = [f"{name}:x:{uid}:{uid}:{name}:/:/bin/sh" for name, uid in accounts]
    (rootfs / "etc/passwd").write_text("\n".join(lines) + "\n", encoding="utf-8")
    groups = [f"{name}:x:{uid}:" for name, uid in accounts]
    (rootfs / "etc/group").write_text("\n".join(groups) + "\n", encoding="utf-8")
    (rootfs / "etc/nsswitch.conf").write_text("hosts: files dns\n", encoding="utf-8")


def settle(rootfs):
    """No trace of when it was built: the same content is the same image."""
    for path in (rootfs, *rootfs.rglob("*")):
        os.utime(path, (0, 0), follow_symlinks=False)
