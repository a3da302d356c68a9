"""The images that the cluster itself needs, built from scratch, since none can be pulled."""

import os
import pathlib
import re
import shutil

import cache
from command import run
from progress import StepFailed, step

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "images"
BUILD = SOURCES.parent / "image-build"
PAUSE = "localhost/pause:e2e"
COREDNS = "localhost/coredns:e2e"
TOOLS = "localhost/e2e-tools:dev"


def _with_libraries(program, rootfs):
    """Copies a program of this machine with its dynamic loader and every library that it names."""
    target = rootfs / program.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(program, target)
    for library in re.findall(r"(/\S+) \(0x", run("ldd", program)):
        # Through the links of a merged /usr, so that an image has one /lib too.
        copy = rootfs / "lib" / library.rsplit("/", 1)[1]
        if "/ld-linux" in library or "/ld64" in library:
            copy = rootfs / library.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, copy)


def _pause(rootfs, _):
    run("cc", "-Os", "-static", "-s", "-o", rootfs / "pause", SOURCES / "pause" / "pause.c")


def _coredns(rootfs, programs):
    shutil.copy2(programs / "coredns", rootfs / "coredns")


def _tools(rootfs, _):
    (rootfs / "bin").mkdir()
    for folder in ("tmp", "etc", "www"):
        (rootfs / folder).mkdir()
    (rootfs / "tmp").chmod(0o1777)
    shutil.copy2("/bin/busybox", rootfs / "bin" / "busybox")
    for applet in run("/bin/busybox", "--list").split():
        if applet not in ("busybox", "curl", "wget"):  # Debian's static wget crashes on names
            (rootfs / "bin" / applet).symlink_to("busybox")
    _with_libraries("/usr/bin/curl", rootfs)
    (rootfs / "etc" / "passwd").write_text(
        "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n", encoding="utf-8")
    (rootfs / "etc" / "group").write_text("root:x:0:\nnogroup:x:65534:\n", encoding="utf-8")
    (rootfs / "etc" / "nsswitch.conf").write_text("hosts: files dns\n", encoding="utf-8")


# folder of the recipe -> (image, what fills the root filesystem, packages of the host used for it)
_IMAGES = {
    "pause": (PAUSE, _pause, ()),
    "coredns": (COREDNS, _coredns, ()),
    "e2e-tools": (TOOLS, _tools, ("busybox-static", "curl", "libcurl4", "libc6")),
}


def _build(name, programs, folder):
    image, fill, _ = _IMAGES[name]
    context = folder / "context"
    rootfs = context / "rootfs"
    rootfs.mkdir(parents=True)
    fill(rootfs, programs)
    shutil.copy2(SOURCES / name / "Dockerfile", context)
    # The layer's bytes must not depend on when it was built.
    for path in (rootfs, *rootfs.rglob("*")):
        os.utime(path, (0, 0), follow_symlinks=False)
    run(BUILD, context, image, folder / "image.tar")
    if name == "pause":
        shutil.copy2(rootfs / "pause", folder / "pause")
    shutil.rmtree(context)


def folder(name, programs=None):
    """The cache folder that holds `image.tar` of the recipe (and, for pause, the program)."""
    image, fill, packages = _IMAGES[name]
    if name == "e2e-tools" and not pathlib.Path("/bin/busybox").exists():
        raise StepFailed("busybox is missing; `make deps` installs it")
    versions = run("dpkg-query", "--show", *packages) if packages else ""
    key = cache.digest(SOURCES / name, BUILD, pathlib.Path(__file__), image, versions,
                       str(programs) if programs and name == "coredns" else "")
    if cache.has("images", key):
        return cache.get("images", key, None)
    with step(f"image {image}"):
        return cache.get("images", key, lambda partial: _build(name, programs, partial))
