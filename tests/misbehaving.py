"""What a reader may do when a file has taken it over; each runs in the sandbox. Imports little: every child imports it anew."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from rag.documents import budget
from rag.documents.limits import DocumentError, Refusal


def left_over(wait_s=5):
    """Return the processes below this one but for the keeper and what multiprocessing keeps once other tests have used it;
    ending ones are given their moment.
    """
    from multiprocessing.resource_tracker import _resource_tracker

    import psutil

    from rag.documents.sandbox import _keeper

    kept = {_resource_tracker._pid, _keeper._process.pid if _keeper._process else None}
    until = time.monotonic() + wait_s
    while (left := _below(psutil.Process(), kept)) and time.monotonic() < until:
        time.sleep(0.01)
    return left


def _below(process, kept):
    return [child for child in process.children(recursive=True) if child.pid not in kept]


def echoes(*args):
    return json.dumps([str(arg) for arg in args]).encode()


def waits_forever():
    signal.pause()


def computes_forever():
    while True:
        pass


def starts_others_that_stay():
    """Start processes that leave the group and the session, and wait for nothing."""
    code = "import os, time; os.fork() or os.setsid(); time.sleep(3600)  # left-behind"
    for _ in range(3):
        subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    time.sleep(0.3)
    return b"started"


def forks_without_end():
    while True:
        with_error = False
        try:
            os.fork()
        except OSError:
            with_error = True
        if with_error:
            time.sleep(0.01)


def writes_without_end():
    with open("much", "wb") as file:
        while True:
            file.write(bytes(2**20))


def prints_without_end():
    while True:
        print("a" * 4096)


def answers_without_end():
    return bytes(2**30)


def writes_the_result_pipe_itself():
    while True:
        os.write(3, bytes(2**20))


def allocates():
    return bytes(10 * 2**30)


def allocates_in_c():
    """Abort as C++ libraries do when they get no memory."""
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def allocates_in_many_processes():
    for _ in range(8):
        if not os.fork():
            kept = bytearray(os.urandom(2**20) * 150)
            time.sleep(60)
            del kept
    time.sleep(60)


def reads_no_memory_address():
    ctypes.string_at(0)


def exits():
    os._exit(7)


def exits_politely():
    sys.exit(7)


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


def raises_the_unspeakable():
    raise Unspeakable


def raises_much():
    raise ValueError("a\n\x1b[31m" * 10**6)


def calls_itself():
    return calls_itself()


def refuses():
    raise DocumentError(Refusal.TOO_MANY_PAGES, "5000 pages, at most 1000")


def prints_and_answers():
    print("this is no result")
    os.write(1, b'R{"format": "pdf"}')
    return b"answer"


def closes_everything():
    os.closerange(0, 1000)
    return b"answer"


def forges_a_refusal():
    os.write(3, b'E["nothing of ours", 5]')
    os._exit(0)


def forges_a_pickle():
    """Answer with what would run a command if it were unpickled."""
    return b"cos\nsystem\n(S'touch /tmp/taken-over'\ntR."


def looks_around(forbidden, outside):
    """Say what can be reached: a file of ours, a folder of ours, the network, processes, the environment."""
    found = {"environment": dict(os.environ), "loaded": sorted({name.partition(".")[0] for name in sys.modules})}
    for name, tried in (
        ("read", lambda: Path(forbidden).read_text(encoding="utf-8")),
        ("write", lambda: Path(outside, "mine").write_text("mine", encoding="utf-8")),
        ("delete", lambda: os.unlink(forbidden)),
        ("connect", lambda: socket.create_connection(("127.0.0.1", 9), timeout=2)),
        ("process", lambda: os.kill(os.getppid(), 0) if os.getppid() > 1 else os.kill(_outsider(), 0)),
        ("own", lambda: Path("own").write_text("own", encoding="utf-8")),
    ):
        try:
            tried()
            found[name] = "done"
        except (OSError, ProcessLookupError) as error:
            found[name] = type(error).__name__
    return json.dumps(found).encode()


def _outsider():
    return max(int(name) for name in os.listdir("/proc") if name.isdigit())


def reads(path):
    return Path(path).read_bytes()


def where():
    Path("left").write_text("left", encoding="utf-8")
    Path("closed/deeper").mkdir(parents=True)
    os.chmod("closed", 0)
    return os.getcwd().encode()


def recognises(pages, seconds):
    for _ in range(pages):
        budget.earn_for_page()
        time.sleep(seconds)
    return b"recognised"


def computes(pages, seconds):
    for _ in range(pages):
        budget.earn_for_page()
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass
    return b"recognised"


def sleeps(seconds):
    time.sleep(seconds)
    return b"slept"
