"""The images that the cluster itself needs, built from scratch, since none can be pulled."""

import pathlib
import shutil

import cache
import rootfs as rootfs_of
from command import run
from progress import StepFailed, step

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "images"
BUILD = SOURCES.parent / "image-build"
PAUSE = "localhost/pause:e2e"
COREDNS = "localhost/coredns:e2e"
TOOLS = "localhost/e2e-tools:dev"


def _pause(rootfs, _):
    rootfs.mkdir()
    run("cc", "-Os", "-static", "-s", "-o", rootfs / "pause", SOURCES / "pause" / "pause.c")


def _coredns(rootfs, programs):
    rootfs.mkdir()
    shutil.copy2(programs / "coredns", rootfs / "coredns")


def _tools(rootfs, _):
    rootfs_of.make(rootfs)
    (rootfs / "www").mkdir()
    busybox = rootfs_of.add_program(rootfs, "/usr/bin/curl").with_name("busybox")
    shutil.copy2("/bin/busybox", busybox)
    for applet in run("/bin/busybox", "--list").split():
        if applet not in ("busybox", "curl", "wget"):  # Debian's static wget crashes on names
            busybox.with_name(applet).symlink_to("busybox")
    rootfs_of.add_accounts(rootfs, ("root", 0), ("nobody", 65534))


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
    context.mkdir(parents=True)
    fill(rootfs, programs)
    shutil.copy2(SOURCES / name / "Dockerfile", context)
    rootfs_of.settle(rootfs)
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
