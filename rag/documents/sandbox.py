"""The door for untrusted files: each is read by a child process of its own that can reach nothing, and ends within its limits.

What comes back is bytes, checked as JSON against the values of `rag.documents.pages`; nothing that a child wrote is ever run here.
Linux only; `confinement` says how much of it this kernel grants. Every call may come from any thread or process: they share a
keeper per process, started by the first call. When the process is killed its children end, and their folders are swept by the
next start.
"""

import atexit
import contextlib
import json
import os
import pickle
import re
import selectors
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from rag.disk import exclusive
from rag.documents import keeper
from rag.documents.confinement import Confinement
from rag.documents.formats import Format, sniff
from rag.documents.keeper import Ending, Job
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Reading
from rag.text import INVISIBLE

_READERS = {
    Format.PDF: "pdf",
    Format.IMAGE: "image",
    Format.DOCX: "docx",
    Format.DOC: "doc",
    Format.XLSX: "xlsx",
    Format.HTML: "html",
    Format.MARKDOWN: "markdown",
    Format.TEXT: "markdown",
}
_READING, _ENDING, _REFUSAL = TypeAdapter(Reading), TypeAdapter(Ending), TypeAdapter(tuple[Refusal, str])
# A letter is at most three bytes, stands in a page and in a block, and brings the box of its line with it.
_BYTES_PER_CHAR, _MOST_OVERHEAD = 6, 64 * 2**20
_DETAIL_CHARS = 200
_GRACE_S = 10  # for a busy machine, after the watcher should have ended the child
_PASSED_ON = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH")
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}  # files are read side by side instead
_NEARLY_ALL = 0.75  # of the memory: whoever dies there died of it, whatever it says; some libraries just abort
_OUT_OF_MEMORY = re.compile(r"bad_alloc|out of memory|cannot allocate|MemoryError", re.IGNORECASE)
_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from rag.documents.keeper import main; main({}, {})"


@dataclass(frozen=True, slots=True)
class Spent:
    """What a child took, with all that it started. `peak_bytes` is memory of all of them at one moment."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def read_safely(path: Path, limits: Limits = Limits()) -> Reading:  # noqa: B008 (frozen)
    """Read a file of any format but ZIP. Raises DocumentError, and after that everything is as if it had never been."""
    reading, _ = read_measured(path, limits)
    if isinstance(reading, DocumentError):
        raise reading
    return reading


def read_measured(path: Path, limits: Limits = Limits()) -> tuple[Reading | DocumentError, Spent]:  # noqa: B008
    """Read a file like `read_safely`, and say what it took; why it is refused is returned, not raised."""
    with _folder() as folder:
        try:
            source, reader = _admitted(path, folder, limits)
        except DocumentError as error:
            return error, Spent(0, 0, 0)
        payload, spent = _run(_read, (source, reader, limits), folder, limits)
        if isinstance(payload, DocumentError):
            return payload, spent
    try:
        return _READING.validate_json(payload), spent
    except ValidationError:
        return DocumentError(Refusal.CRASHES, "what came of it is not a reading"), spent


def in_sandbox(
    function: Callable[..., bytes],
    *args: object,
    limits: Limits = Limits(),  # noqa: B008
    wall_s: int | None = None,
) -> bytes:
    """Return what `function` returns in a throw-away child; check it, it may have been made to harm.

    The function is one of a module. It may read the files that are among `args` as Path, and write below its working folder,
    which is deleted afterwards. Raises DocumentError.
    """
    limits = limits if wall_s is None else replace(limits, wall_s=wall_s)
    with _folder() as folder:
        payload, _ = _run(function, args, folder, limits)
    if isinstance(payload, DocumentError):
        raise payload
    return payload


def confinement() -> Confinement:
    """Return what this kernel grants beyond limits: for `doctor`."""
    return TypeAdapter(Confinement).validate_json(in_sandbox(_in_force))


def _in_force() -> bytes:
    return TypeAdapter(Confinement).dump_json(keeper.in_force)


def _read(source: Path, reader: str, limits: Limits) -> bytes:
    """Read a file in this process, the child, and return the reading as JSON."""
    reading: Reading = import_module(f"rag.documents.readers.{reader}").read(source, limits)
    chars = max(
        sum(len(line.text) for page in reading.pages for line in page.lines), sum(len(b.text) for b in reading.blocks)
    )
    if chars > limits.text_chars:
        raise DocumentError(Refusal.TOO_LARGE, f"{chars:,} characters, at most {limits.text_chars:,}")
    return _READING.dump_json(reading)


def _admitted(path: Path, folder: Path, limits: Limits) -> tuple[Path, str]:
    """Copy a file into `folder` under a plain name, and return it with the reader for what it holds.

    Nobody can change the copy while it is read, and no name reaches a command line. Raises DocumentError.
    """
    source = folder / f"source{path.suffix.lower() if re.fullmatch(r'.[A-Za-z0-9]{1,8}', path.suffix) else ''}"
    with _opened(path, limits) as original, source.open("wb") as copy:
        shutil.copyfileobj(original, copy, 2**20)
    found = sniff(source)
    if found not in _READERS:
        raise DocumentError(Refusal.UNKNOWN_FORMAT, f"{found}, to be unpacked first")
    if found is not Format.IMAGE:
        source = source.rename(source.with_suffix(found.suffix))
    return source, _READERS[found]


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator:
    """Open a regular file without waiting for anybody at the other end of a pipe. Raises DocumentError."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        file = open(path, "rb", opener=lambda name, _: os.open(name, flags))  # noqa: SIM115 (the next line closes it)
    except (OSError, ValueError) as error:  # ValueError: the name has a NUL
        raise DocumentError(Refusal.NOT_A_FILE, getattr(error, "strerror", None) or str(error)) from error
    with file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise DocumentError(Refusal.NOT_A_FILE)
        if found.st_size > limits.file_bytes:
            most = f"{found.st_size / 2**20:,.0f} MB, at most {limits.file_bytes / 2**20:,.0f}"
            raise DocumentError(Refusal.TOO_LARGE, most)
        yield file


def _run(
    function: Callable[..., bytes], args: tuple, folder: Path, limits: Limits
) -> tuple[bytes | DocumentError, Spent]:
    """Let a child call the function; return what it returned or why there is nothing, and what it took."""
    started = time.monotonic()
    readable = tuple(arg.resolve() for arg in args if isinstance(arg, Path))
    modules = tuple(path or os.getcwd() for path in sys.path)
    job = Job(pickle.dumps((function, args)), folder, readable, limits, modules)
    try:
        written, ending = _converse(pickle.dumps(job), limits)
    except DocumentError as error:
        return error, Spent(time.monotonic() - started, 0, 0)
    return _outcome(written, ending, limits), Spent(time.monotonic() - started, ending.cpu_s, ending.peak_bytes)


def _converse(job: bytes, limits: Limits) -> tuple[bytes, Ending]:
    """Send a job to the keeper and return what the child wrote, and what its watcher said. Raises DocumentError."""
    with contextlib.ExitStack() as stack:
        ours, theirs = (stack.enter_context(end) for end in socket.socketpair())
        reading, writing = (
            stack.enter_context(open(fd, mode, 0)) for fd, mode in zip(os.pipe(), ("rb", "wb"), strict=True)
        )
        _keeper.send([theirs.fileno(), writing.fileno()])
        theirs.close()
        writing.close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            ours.sendall(len(job).to_bytes(8, "big") + job)
        until = time.monotonic() + limits.wall_s + limits.pages * limits.recognised_page_s + _GRACE_S
        written = _received(reading.fileno(), limits.text_chars * _BYTES_PER_CHAR + _MOST_OVERHEAD, until)
        said = _received(ours.fileno(), 2**20, until)
    if not said:
        raise DocumentError(Refusal.CRASHES, "its watcher ended")
    return written, _ENDING.validate_json(said)


def _received(fd: int, most: int, until: float) -> bytes:
    """Read all that comes through `fd`. Raises DocumentError when it is more than `most` or takes longer than `until`."""
    parts, size = [], 0
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while selector.select(max(0.0, until - time.monotonic())):
            try:
                part = os.read(fd, 2**20)
            except ConnectionResetError:
                part = b""
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
            if size > most:
                raise DocumentError(Refusal.TOO_LARGE, "more text than is taken")
    raise DocumentError(Refusal.TOO_SLOW)


def _outcome(written: bytes, ending: Ending, limits: Limits) -> bytes | DocumentError:
    kind, payload = written[:1], written[1:]
    if ending.stopped or os.WIFSIGNALED(ending.status) or not kind:
        return DocumentError(*_died(ending, limits))
    if kind == b"P":
        raise RuntimeError(f"the sandbox cannot do this: {payload.decode(errors='replace')}")
    if kind == b"R":
        return payload
    try:
        refusal, detail = _REFUSAL.validate_json(payload)
    except ValidationError:
        return DocumentError(Refusal.CRASHES)
    return DocumentError(refusal, INVISIBLE.sub("", " ".join(detail.split()))[:_DETAIL_CHARS])


def _died(ending: Ending, limits: Limits) -> tuple[Refusal, str]:
    """Return why a child ended without an answer."""
    if ending.stopped:
        return ending.stopped, ""
    by = os.WTERMSIG(ending.status) if os.WIFSIGNALED(ending.status) else 0
    if by == signal.SIGXCPU:
        return Refusal.TOO_SLOW, f"{ending.cpu_s:.0f} s of computing"
    full = ending.peak_bytes > _NEARLY_ALL * limits.memory_bytes or _OUT_OF_MEMORY.search(ending.output)
    if by == signal.SIGKILL or full:  # SIGKILL is the kernel's, when the memory of the machine runs out
        return Refusal.TOO_MUCH_MEMORY, ""
    return Refusal.CRASHES, signal.Signals(by).name if by else ""


class _Keeper:
    """Our end of the keeper: starts it when it is needed, and again if it should have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._control: socket.socket | None = None

    def send(self, fds: list[int]) -> None:
        """Hand the ends of a job's channels to the keeper."""
        with self._lock:
            if self._control:
                with contextlib.suppress(BrokenPipeError, ConnectionError):
                    socket.send_fds(self._control, [b"job"], fds)
                    return
                self._stop()
            self._control = self._start()
            socket.send_fds(self._control, [b"job"], fds)

    def close(self) -> None:
        """End the keeper and all children."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """Leave the keeper to the process that we were forked from."""
        self.__init__()

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = _START.format(theirs.fileno(), os.getpid())
        modules = json.dumps([path or os.getcwd() for path in sys.path])
        known = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-X", "utf8", "-c", code, modules],
                env={**known, **_ONE_THREAD, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd="/",
                start_new_session=True,
            )
        return ours

    def _stop(self) -> None:
        if self._control and self._process:
            self._control.close()
            self._process.wait()
        self._control = self._process = None


_keeper = _Keeper()
atexit.register(_keeper.close)
os.register_at_fork(after_in_child=_keeper.forget)


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a private folder for one job, and delete it afterwards with whatever a child left in it."""
    folder = Path(tempfile.mkdtemp(dir=_home.path()))
    try:
        yield folder
    finally:
        _delete(folder)


def _delete(folder: Path) -> None:
    def unlocked(_function: object, path: str, _error: object) -> None:
        """Open a folder that its maker closed, and delete what is in it."""
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(path), 0o700)
            os.chmod(path, 0o700, follow_symlinks=True)
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.unlink(path)

    shutil.rmtree(folder, onerror=unlocked)


class _Home:
    """The folder of this process for the folders of jobs; its lock says that the process lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = contextlib.ExitStack()
        self._path: Path | None = None

    def path(self) -> Path:
        """Return the folder; the first call makes it and sweeps those of processes that are gone."""
        with self._lock:
            if self._path is None or not self._path.is_dir():
                root = _root()
                with exclusive(root / "lock"):
                    _sweep(root)
                    self._path = Path(tempfile.mkdtemp(dir=root))
                    self._held.enter_context(exclusive(self._path / "lock"))
            return self._path

    def forget(self) -> None:
        """Leave the folder to the process that we were forked from."""
        self.__init__()

    def close(self) -> None:
        """Delete the folder."""
        with self._lock:
            if self._path:
                _delete(self._path)
            self._held.close()
            self._path = None


def _root() -> Path:
    """Return the folder of this user's homes; a folder of the same name that is another user's is left alone."""
    root = Path(tempfile.gettempdir(), f"binhdan-sandbox-{os.getuid()}")
    root.mkdir(mode=0o700, exist_ok=True)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix=f"{root.name}-"))
    return root


def _sweep(root: Path) -> None:
    """Delete the folders whose processes have ended."""
    for left in root.iterdir():
        with contextlib.suppress(BlockingIOError, NotADirectoryError), exclusive(left / "lock", wait=False):
            _delete(left)


_home = _Home()
atexit.register(_home.close)
os.register_at_fork(after_in_child=_home.forget)
