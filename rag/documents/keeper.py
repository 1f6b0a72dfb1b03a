"""The process beside us that starts a throw-away child for every job, watches it, and ends it with all that it started.

It has imported the readers, so a child costs milliseconds; it has none of our secrets in its environment and no thread.
For each job three processes stand in a row: one that leaves our namespaces, the watcher (the first process of the new ones: when it
ends, the kernel ends all others there), and the child that does the work and is never believed. `rag.documents.sandbox` is the
other end.
"""

import errno
import fcntl
import gc
import importlib
import json
import os
import pickle
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rag.documents import budget, confinement
from rag.documents.language import language
from rag.documents.limits import DocumentError, Limits, Refusal

READERS = ("pdf", "image", "docx", "doc", "xlsx", "html", "markdown")

_TICK_S = 0.1  # between looks at the memory of all processes of a job
_KEPT_OUTPUT = 4096
_DETAIL_CHARS = 200
_LENGTH_BYTES = 8
_MOST_FILES = 2**20


@dataclass(frozen=True, slots=True)
class Job:
    """What a child shall do. `call` is a pickled (function, arguments); only we pickle, a child never does."""

    call: bytes
    folder: Path
    readable: tuple[Path, ...]
    limits: Limits
    modules: tuple[str, ...]  # where to look for the function's module


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended, as its watcher says. `stopped` is the limit that the watcher enforced, `status` as of `os.wait`."""

    status: int
    stopped: Refusal | None
    cpu_s: float
    peak_bytes: int
    output: str


def main(control: int, parent: int) -> None:
    """Serve jobs that come over the socket `control` until the process `parent` ends or closes it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to handle
    for name in READERS:
        with suppress(ImportError):  # it fails where it is used, with its reason
            importlib.import_module(f"rag.documents.readers.{name}")
    importlib.import_module("rag.documents.sandbox")
    language()  # children may not read the corpus; what is loaded here they share
    gc.freeze()
    namespaces = confinement.namespaces_work()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries them
    jobs, alive = socket.socket(fileno=control), os.pidfd_open(parent)
    with selectors.DefaultSelector() as selector:
        selector.register(jobs, selectors.EVENT_READ)
        selector.register(alive, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if alive in ready:
                return
            if jobs in ready:
                message, fds, _, _ = socket.recv_fds(jobs, 16, 2)
                if not message:
                    return
                if not os.fork():
                    _leave(partial(_outer, jobs, alive, *fds, namespaces=namespaces))
                for fd in fds:
                    os.close(fd)


def _leave(task: Callable[[], None]) -> None:
    """Run `task` and end the process without what a normal end would run."""
    try:
        task()
        os._exit(0)
    finally:
        os._exit(1)


def _outer(jobs: socket.socket, alive: int, talk: int, result: int, namespaces: bool) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    confinement.die_with_parent()
    jobs.close()
    if namespaces:
        confinement.enter_namespaces()
    watcher = os.fork()
    if not watcher:
        _leave(lambda: _Watcher(socket.socket(fileno=talk), alive, result, namespaces).run())
    os.close(result)
    os.waitpid(watcher, 0)  # the parent sees the end of `talk` when this process ends: when nobody is left


class _Watcher:
    """Starts the child of one job, waits for it, and says how it ended."""

    def __init__(self, talk: socket.socket, alive: int, result: int, namespaces: bool) -> None:
        confinement.die_with_parent()
        confinement.adopt_orphans()
        self._talk, self._alive, self._result, self._namespaces = talk, alive, result, namespaces
        self._output, self._peak = b"", 0

    def run(self) -> None:
        length = int.from_bytes(self._talk.recv(_LENGTH_BYTES, socket.MSG_WAITALL), "big")
        job: Job = pickle.loads(self._talk.recv(length, socket.MSG_WAITALL))
        if self._namespaces:
            confinement.hide_shared(job.folder, (*job.readable, *job.modules))
        earned, earn = os.pipe()
        printed, output = os.pipe()
        worker = os.fork()
        if not worker:
            self._talk.close()
            os.close(self._alive)
            _leave(lambda: _work(job, self._result, earn, output, self._namespaces))
        for fd in (self._result, earn, output):
            os.close(fd)
        ending = self._watch(worker, job.limits, earned, printed)
        with suppress(OSError):  # the parent may be gone
            self._talk.sendall(json.dumps(ending).encode())
        if not self._namespaces:
            _kill_descendants()

    def _watch(self, worker: int, limits: Limits, earned: int, printed: int) -> dict:
        end, pages, stopped = time.monotonic() + limits.wall_s, 0, None
        with selectors.DefaultSelector() as selector:
            for fd in (os.pidfd_open(worker), earned, printed, self._talk, self._alive):
                selector.register(fd, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(timeout=_TICK_S)}
                if earned in ready:
                    more = min(len(self._read(selector, earned)), limits.pages - pages)
                    end, pages = end + more * limits.recognised_page_s, pages + more
                if printed in ready:
                    self._output = (self._output + self._read(selector, printed))[-_KEPT_OUTPUT:]
                self._peak = max(self._peak, sum(map(_private_bytes, _descendants())))
                if self._talk in ready or self._alive in ready or time.monotonic() > end:
                    stopped = Refusal.TOO_SLOW
                elif self._peak > limits.memory_bytes:
                    stopped = Refusal.TOO_MUCH_MEMORY
                if stopped:
                    os.kill(worker, signal.SIGKILL)
                while ended := _wait(block=bool(stopped)):
                    if ended[0] == worker:
                        return self._ending(ended[1], ended[2], stopped)

    @staticmethod
    def _read(selector: selectors.BaseSelector, fd: int) -> bytes:
        data = os.read(fd, 65536)
        if not data:
            selector.unregister(fd)
        return data

    def _ending(self, status: int, used, stopped: Refusal | None) -> dict:
        return {
            "status": status,
            "stopped": stopped,
            "cpu_s": used.ru_utime + used.ru_stime,
            "peak_bytes": max(self._peak, used.ru_maxrss * 1024),
            "output": self._output.decode(errors="replace"),
        }


def _wait(block: bool):
    """Wait for any child: (pid, status, what it used), or None when none has ended."""
    pid, status, used = os.wait4(-1, 0 if block else os.WNOHANG)
    return (pid, status, used) if pid else None


def _descendants() -> list[str]:
    """Return the folders in /proc of all processes below this one."""
    found, waiting = [], ["/proc/self"]
    while waiting:
        parent = waiting.pop()
        with suppress(OSError):
            for thread in os.listdir(f"{parent}/task"):
                children = Path(parent, "task", thread, "children").read_text(encoding="ascii").split()
                waiting += [f"/proc/{child}" for child in children]
        found.append(parent)
    return found[1:]


def _private_bytes(process: str) -> int:
    """Return the memory that a process shares with no file, 0 when it has ended."""
    try:
        _, resident, shared = Path(process, "statm").read_text(encoding="ascii").split()[:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _kill_descendants() -> None:
    """End all that a child left behind, again until nothing starts more."""
    while processes := _descendants():
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(int(process.removeprefix("/proc/")), signal.SIGKILL)
        with suppress(ChildProcessError):
            os.wait()


def _work(job: Job, result: int, earn: int, output: int, namespaces: bool) -> None:
    """Do the job in this process and write what came of it: a letter for the kind, then the bytes."""
    os.setsid()
    confinement.die_with_parent()
    # Copies above what they go to, so that none overwrites another; then nothing of ours is open but what the child needs.
    nowhere = os.open(os.devnull, os.O_RDONLY)
    opened = [fcntl.fcntl(fd, fcntl.F_DUPFD, 16) for fd in (nowhere, output, output, result, earn)]
    for place, fd in enumerate(opened):
        os.dup2(fd, place, inheritable=place < 3)
    os.closerange(len(opened), _MOST_FILES)
    result, earn = 3, 4
    os.environ.update(HOME=str(job.folder), TMPDIR=str(job.folder))
    os.chdir(job.folder)
    kind, payload = _outcome(job, earn, namespaces)
    with open(result, "wb") as pipe:
        pipe.write(kind + payload)


def _outcome(job: Job, earn: int, namespaces: bool) -> tuple[bytes, bytes]:
    sys.path[:] = job.modules
    try:
        function, args = pickle.loads(job.call)
    except Exception as error:  # a mistake of ours, not of the file
        return b"P", _said(error)
    global in_force
    in_force = confinement.confine(job.folder, job.readable, job.limits, namespaces)
    budget.open_budget(earn, job.limits.recognised_page_s)
    try:
        return b"R", function(*args)
    except DocumentError as error:
        return b"E", json.dumps([error.refusal, error.detail]).encode()
    except ImportError as error:
        return b"P", _said(error)
    except Exception as error:  # whatever a library raises about a file, the file is refused
        return b"E", json.dumps([_reason(error), _said(error).decode()]).encode()


def _reason(error: Exception) -> Refusal:
    if isinstance(error, MemoryError):
        return Refusal.TOO_MUCH_MEMORY
    return Refusal.UNPACKS_TOO_LARGE if getattr(error, "errno", 0) == errno.EFBIG else Refusal.DAMAGED


in_force = confinement.Confinement(namespaces=False, landlock=False)


def _said(error: BaseException) -> bytes:
    """Return the name of an exception and what it says, as far as it can say it."""
    try:
        return f"{type(error).__name__}: {error}"[:_DETAIL_CHARS].encode(errors="replace")
    except Exception:  # made by the library that failed
        return type(error).__name__.encode(errors="replace")
