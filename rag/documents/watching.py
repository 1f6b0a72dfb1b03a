"""A folder in which people put documents, watched: each file is said once it is whole.

Promise: a file is said when its size and time have stood still for a while, so one that is still being copied or downloaded is
not; a deletion only when the file stays away, so a program that writes anew deletes nothing; and nothing is taken for deleted
while it, or the folder that it was in, cannot be read (a network drive that is away). Works alike on local and network drives, for it looks
itself: notices of the system do not come from other machines, and the library for them (watchfiles) follows links out of the
folder. A look at 10,000 files takes 0.1 s, and the rest after it grows with it.
Limit: a file that is rewritten with the same size and time is not noticed.
"""

import os
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

SETTLED_S = 2.0
_LOOK_S = 1.0
_PAUSES = 50  # a look is followed by so many times its own length of rest: 2 % of a core at most
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".tmp", ".temp", ".swp")
_NO_DOCUMENTS = frozenset({"thumbs.db", "desktop.ini"})


class FileEvent(StrEnum):
    """What happened to a file."""

    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What happened to the file at `path`; `former` is where a moved one was."""

    event: FileEvent
    path: Path
    former: Path | None = None


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What tells from outside that a file's content is another; `inode` only helps to follow it when it moves."""

    size: int
    modified_ns: int
    inode: int


def watch_folder(
    folder: Path,
    stop: threading.Event | None = None,
    known: Collection[Path] = (),
    settled_s: float = SETTLED_S,
    look_s: float = _LOOK_S,
) -> Iterator[FileChange]:
    """Yield what is in `folder` and below, then what becomes of it, until `stop` is set.

    Of the files that the caller has `known` before, those that are not there any more are said as deleted. Hidden files, links
    and files that a program is still writing are left out.
    """
    stop, watched = stop or threading.Event(), _Watched(folder, settled_s, known)
    while not stop.is_set():
        begun = time.monotonic()
        for change in watched.look(begun):
            yield change
            if stop.is_set():
                return
        stop.wait(max(look_s, _PAUSES * watched.look_took_s))


class _Watched:
    """What was said of a folder, and what is on its way."""

    def __init__(self, folder: Path, settled_s: float, known: Collection[Path]) -> None:
        self.look_took_s = 0.0
        self._folder, self._settled_s = folder, settled_s
        self._said: dict[Path, _Stamp | None] = dict.fromkeys(known)  # None: known, but not how it looked
        self._since: dict[Path, tuple[_Stamp | None, float]] = {}  # how what is unsettled looks, and since when
        self._device: int | None = None

    def look(self, now: float) -> list[FileChange]:
        """Return what has settled since the last look."""
        there = self._scan()
        if there is None:
            return []
        unsettled = {
            path: there.get(path) for path in there.keys() | self._said.keys() if self._differs(path, there.get(path))
        }
        self._since = {
            path: self._since[path] if path in self._since and self._since[path][0] == stamp else (stamp, now)
            for path, stamp in unsettled.items()
        }
        settled = {path: stamp for path, (stamp, since) in self._since.items() if now - since >= self._settled_s}
        return self._changes(settled)

    def _differs(self, path: Path, stamp: _Stamp | None) -> bool:
        said = self._said.get(path)
        if stamp is None or said is None:
            return True
        return (said.size, said.modified_ns) != (stamp.size, stamp.modified_ns)

    def _changes(self, settled: dict[Path, _Stamp | None]) -> list[FileChange]:
        gone = {path: self._said.pop(path) for path, stamp in settled.items() if stamp is None}
        came = {path: stamp for path, stamp in settled.items() if stamp is not None}
        formerly = {was: path for path, was in gone.items()}
        moved = {path: formerly[stamp] for path, stamp in came.items() if stamp in formerly and path not in self._said}
        changes = [FileChange(FileEvent.DELETED, path) for path in sorted(gone.keys() - moved.values())]
        for path, stamp in sorted(came.items()):
            event = FileEvent.CHANGED if self._said.get(path) else FileEvent.NEW
            changes.append(FileChange(FileEvent.MOVED if path in moved else event, path, moved.get(path)))
            self._said[path] = stamp
        for path in settled:
            del self._since[path]
        return changes

    def _scan(self) -> dict[Path, _Stamp] | None:
        """Return the documents that are there now; None when that cannot be told."""
        begun = time.monotonic()
        try:
            device = self._folder.stat().st_dev
            if self._device not in {None, device}:
                return None  # nothing is mounted here now
            self._device = device
            there, closed = _documents(self._folder)
            if closed:  # what was there counts as there still
                said = ((path, stamp) for path, stamp in self._said.items() if stamp)
                there |= {path: stamp for path, stamp in said if not closed.isdisjoint(path.parents)}
            return there
        except OSError:
            return None
        finally:
            self.look_took_s = time.monotonic() - begun


def _documents(folder: Path) -> tuple[dict[Path, _Stamp], set[Path]]:
    """Return the whole documents below `folder`, and the folders there that cannot be read. Raises OSError for itself."""
    there: dict[Path, _Stamp] = {}
    closed: set[Path] = set()
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if not entry.name.startswith((".", "~"))]
    names = {entry.name for entry in found}
    for entry in found:
        path = Path(entry.path)
        try:
            if entry.is_dir(follow_symlinks=False):
                below, closed_below = _documents(path)
                there |= below
                closed |= closed_below
            elif entry.is_file(follow_symlinks=False) and _is_whole(entry.name, names):
                stat = entry.stat(follow_symlinks=False)
                there[path] = _Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ino)
        except FileNotFoundError:
            continue  # gone since the names were read
        except OSError:
            closed.add(path)
    return there, closed


def _is_whole(name: str, names: Collection[str]) -> bool:
    """Tell whether no program is still writing a file: Firefox keeps an empty "a.pdf" beside its "a.pdf.part"."""
    lower = name.lower()
    return (
        not lower.endswith(_UNFINISHED)
        and lower not in _NO_DOCUMENTS
        and not any(f"{name}{ending}" in names for ending in _UNFINISHED)
    )
