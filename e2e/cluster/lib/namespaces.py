"""A node's namespaces, and starting programs inside of them.

A node is a PID namespace with a mount, UTS and network namespace. Its process 1 is the pause
program; when that dies the kernel takes every other process of the node along, containers included,
and with them their mounts: nothing can be left over. It is also what a real node looks like to a
pod with hostPID, which sees its own node's processes and nobody else's.

`nsenter` cannot start daemons in a PID namespace without a parent that stays, hence the few calls
into libc.
"""

import ctypes
import os

from progress import StepFailed

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWPID = 0x00020000, 0x04000000, 0x20000000
_MS_BIND, _MS_REC, _MS_SLAVE, _MS_SHARED = 4096, 16384, 1 << 19, 1 << 20
_MS_NOSUID_NODEV_NOEXEC = 2 | 4 | 8


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source, target, kind, flags):
    words = [word.encode() if word else None for word in (source, target, kind)]
    _check(_LIBC.mount(*words, ctypes.c_ulong(flags), None), f"mount {target}")


def _enter(path, kind=0):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    _check(_LIBC.setns(fd, kind), f"setns {path}")
    os.close(fd)


def _fork_twice(prepare, become):
    """Forks, runs `prepare()` in the child and `become()` in the grandchild, whose pid is returned.

    The child in between ends at once: only a process forked after setns or unshare is inside of a
    PID namespace. `become` has to end in an exec; what goes wrong before comes back as an error.
    """
    pid_reader, pid_writer = os.pipe()
    error_reader, error_writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            prepare()
            grandchild = os.fork()
            if grandchild == 0:
                become()
            os.write(pid_writer, str(grandchild).encode())
            os._exit(0)
        except BaseException as error:  # a forked child must not return into the caller's code
            os.write(error_writer, str(error).encode())
        os._exit(1)
    os.close(pid_writer)
    os.close(error_writer)
    os.waitpid(child, 0)
    with os.fdopen(pid_reader, "rb") as pids, os.fdopen(error_reader, "rb") as errors:
        problem = errors.read().decode()  # ends when the exec closes the pipe
        pid = pids.read().decode()
    if problem or not pid:
        raise StepFailed(f"cannot start a process in the node's namespaces: {problem}")
    return int(pid)


def _detach(log):
    """A daemon: no terminal, nobody's pipe, nobody's working directory."""
    os.setsid()
    os.chdir("/")
    os.umask(0o022)
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for fd, target in ((null, 0), (out, 1), (out, 2)):
        os.dup2(fd, target)


def start_init(program, netns, hostname, binds, log):
    """Makes the namespaces with `program` as process 1. `binds`: (folder, where it is seen)."""

    def prepare():
        _enter(f"/run/netns/{netns}")
        _check(_LIBC.unshare(_CLONE_NEWNS | _CLONE_NEWUTS | _CLONE_NEWPID), "unshare")

    def become():
        _detach(log)
        name = hostname.encode()
        _check(_LIBC.sethostname(name, len(name)), "sethostname")
        # Slave: nothing of the node's mounts reaches the host. Shared below it, since pods may ask
        # for mount propagation.
        _mount(None, "/", None, _MS_REC | _MS_SLAVE)
        _mount(None, "/", None, _MS_REC | _MS_SHARED)
        _mount("proc", "/proc", "proc", _MS_NOSUID_NODEV_NOEXEC)
        for folder, seen_as in binds:
            _mount(str(folder), seen_as, None, _MS_BIND)
        os.execv(program, [program])

    return _fork_twice(prepare, become)


def spawn(init, argv, environment, log):
    """Starts a daemon in the namespaces of process `init` and returns its pid on the host."""

    def prepare():
        fds = [os.open(f"/proc/{init}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
               for kind in ("pid", "net", "uts", "mnt")]
        for fd in fds:
            _check(_LIBC.setns(fd, 0), "setns")

    def become():
        _detach(log)
        os.execve(argv[0], argv, environment)

    return _fork_twice(prepare, become)
