"""What a process gives up before it touches a file of strangers: network, other processes, other files, memory, time.

Linux only. Namespaces are asked for once, since some kernels and containers refuse them; limits and priority always hold. What is
in force is said by `Confinement`, never assumed. Nothing here knows about documents but their limits.
"""

import ctypes
import os
import resource
import signal
import stat
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import rag
from rag.documents.limits import Limits

_libc = ctypes.CDLL(None, use_errno=True)

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_PROCESSES, _NEW_NETWORK = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXECUTION, _REMOUNT = 1, 2, 4, 8, 32
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_SHARED = "/tmp"  # LibreOffice makes and removes a socket there, whatever it is told
_SHARED_SIZE = "size=256m,mode=700"
_SET_DEATH_SIGNAL, _SET_NO_NEW_PRIVILEGES, _SET_SUBREAPER = 1, 38, 36
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION = 0x20080522
# Landlock has the same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_SOCKET, _TRUNCATE = 1 << 5, 1 << 9, 1 << 14
_FILE_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}  # later ones add the 16th
_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/etc",
    "/opt",
    "/proc",
    "/sys",
    "/var/cache/fontconfig",
    "/var/lib/libreoffice",
    "/var/spool/libreoffice",
)  # what programs of Debian need; nothing of a user's
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_PROGRAM = (sys.prefix, sys.base_prefix, str(Path(rag.__file__).parent))
_OPEN_FILES, _PROCESSES, _NICE = 256, 256, 10


@dataclass(frozen=True, slots=True)
class Confinement:
    """What is in force in the child beside its limits: no network and no sight of other processes; no other files."""

    namespaces: bool
    landlock: bool


def die_with_parent() -> None:
    """Be killed when the parent process ends, however it ends."""
    _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends, so that none gets away."""
    _libc.prctl(_SET_SUBREAPER, 1)


def namespaces_work() -> bool:
    """Tell whether this kernel lets this user have namespaces; a child tries."""
    child = os.fork()
    if not child:
        try:
            entered = enter_namespaces()
            hide_shared(Path("/"), ())
            os._exit(0 if entered else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def enter_namespaces() -> bool:
    """Leave the network, and let the next child be the first of a world of processes of its own that ends with it."""
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(_NEW_USER | _NEW_MOUNTS | _NEW_IPC | _NEW_PROCESSES | _NEW_NETWORK):
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")
    return _libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None) == 0


def hide_shared(folder: Path, readable: Iterable[str | Path]) -> None:
    """Put an empty folder in memory in the place of /tmp: only `folder`, `readable` and this program keep theirs in it."""
    kept = {str(path) for path in (folder, *readable, *_PROGRAM)}
    below = sorted(path for path in kept if Path(path).is_relative_to(_SHARED) and Path(path).exists())
    opened = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in below}
    _mount("tmpfs", _SHARED, "tmpfs", 0, _SHARED_SIZE)
    for path, found in opened.items():
        if path == str(folder) or not os.path.exists(path):
            os.makedirs(path if stat.S_ISDIR(os.fstat(found).st_mode) else os.path.dirname(path), exist_ok=True)
            if not os.path.exists(path):
                Path(path).touch()
            _mount(f"/proc/self/fd/{found}", path, "", _BIND | _RECURSIVE, "")
            if path != str(folder):
                locked = os.statvfs(path).f_flag & _NO_EXECUTION  # may not be taken from a mount of somebody else's
                _mount("none", path, "", _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES | locked, "")
        os.close(found)


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    if _libc.mount(source.encode(), os.fsencode(target), kind.encode() or None, flags, options.encode() or None):
        raise OSError(ctypes.get_errno(), f"cannot mount {target}")


def confine(folder: Path, readable: Sequence[Path], limits: Limits, namespaces: bool) -> Confinement:
    """Give up all that reading does not need: only `folder` can be written, only the system, this program and `readable` read."""
    os.nice(_NICE)
    _libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    landlock = _lock_files(folder, readable, namespaces)
    _drop_capabilities()
    most_cpu_s = limits.cpu_s + limits.pages * limits.recognised_page_s
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s, most_cpu_s),
        (resource.RLIMIT_FSIZE, limits.unpacked_bytes, limits.unpacked_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0, 0),
        # Outside a namespace it would count all other processes of this user, too.
        *([(resource.RLIMIT_NPROC, _PROCESSES, _PROCESSES)] if namespaces else []),
    ):
        _, allowed = resource.getrlimit(kind)
        most = hard if allowed == resource.RLIM_INFINITY else min(hard, allowed)
        resource.setrlimit(kind, (min(soft, most), most))
    return Confinement(namespaces, landlock)


def _drop_capabilities() -> None:
    """Give up root's rights, or those over a namespace of one's own; where the call's number is not known they stay."""
    number = _SYS_CAPSET.get(os.uname().machine)
    if number:
        _libc.syscall(number, (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)())


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _lock_files(folder: Path, readable: Sequence[Path], hidden: bool) -> bool:
    """Restrict this process by Landlock, TCP included where the kernel can; return whether it is in force.

    Where /tmp is not `hidden` nothing can be removed from it, so that LibreOffice does not start.
    """
    version = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    every = (1 << _FILE_RIGHTS_BY_VERSION.get(version, 16)) - 1
    wanted = _Ruleset(every, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _libc.syscall(_CREATE_RULESET, ctypes.byref(wanted), size, 0)
    if ruleset < 0:
        return False
    reading = _EXECUTE | _READ_FILE | _READ_FOLDER
    _allow(ruleset, (*_SYSTEM, *_PROGRAM, *readable), reading)
    _allow(ruleset, _DEVICES, _READ_FILE | _WRITE_FILE)
    if hidden:
        _allow(ruleset, (_SHARED,), _MAKE_SOCKET | _REMOVE_FILE)
    _allow(ruleset, (folder,), every)
    restricted = _libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return restricted


def _allow(ruleset: int, paths: Iterable[str | Path], rights: int) -> None:
    for path in paths:
        if not os.path.exists(path):
            continue
        fits = rights if os.path.isdir(path) else rights & (_EXECUTE | _READ_FILE | _WRITE_FILE | _TRUNCATE)
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = _Beneath(fits, opened)
        _libc.syscall(_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
        os.close(opened)
