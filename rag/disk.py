"""What a kill at any moment must leave whole: one writer at a time, texts and folders that are there entirely or not at all.

POSIX only: `flock`, and a rename that replaces.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock file `path`; the system frees it when the process dies, however it dies.

    Without `wait` BlockingIOError is raised while another holds it.
    """
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def replace_text(path: Path, text: str) -> None:
    """Write `text` beside `path` and rename it into place."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and rename it into place."""
    aside = path.with_name(f"{path.name}.new")
    aside.write_bytes(content)
    _sync(aside)
    os.replace(aside, path)
    _sync(path.parent)


def settle(folder: Path, final: Path) -> None:
    """Give a folder that was made aside its final name, once all that it holds is on the disk."""
    for part in [folder, *folder.rglob("*")]:
        if not part.is_symlink():
            _sync(part)
    folder.rename(final)
    _sync(final.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
