"""From files to documents that wait for a person: found, told apart by content, read in the sandbox, kept, and noted.

Files are read side by side, each by a child process of its own. A file is in the library and in the records, or in neither as
far as anybody sees: a kill costs the files that were being read, and the same command goes on after it. One bad file never
stops the others, and memory does not grow with their number.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from pathlib import Path, PurePath
from queue import SimpleQueue
from typing import TypeVar

from rag.documents.archives import files_of, unpack
from rag.documents.description import describe
from rag.documents.formats import Format, sniff
from rag.documents.library import Library, Text, file_digest
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import TRUSTED_SCORE, Page, Reading
from rag.documents.sandbox import read_safely
from rag.documents.structure import units_of
from rag.records.documents import Document, Documents, DocumentState, DoubtfulPage, NewDocument
from rag.text import letters_of

_LIMITS = Limits()
_AHEAD = 2  # files that wait for each reader
_Item = TypeVar("_Item")
_Done = TypeVar("_Done")


class Result(StrEnum):
    """What became of a file."""

    ADDED = "added"
    KNOWN = "known"  # the same content is there already
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Found:
    """A file to take in: where it lies, what it is called in reports, and where it came from."""

    path: Path
    name: str
    origin: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file and why; `number` is the document's in the records, 0 where there is none."""

    name: str
    result: Result
    reason: str = ""
    number: int = 0
    pages: int = 0
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class Ingestion:
    """Takes files in. `who` is written beside each; `again` also reads what was refused before.

    `opened` is told of every ZIP how many files are in it, before the first of them is done.
    """

    library: Library
    documents: Documents
    who: str
    limits: Limits = _LIMITS
    workers: int = os.cpu_count() or 1
    again: bool = False
    opened: Callable[[int], None] = lambda _: None

    def files(self, paths: Iterable[Path]) -> Iterator[Outcome]:
        """Take in the files at and below `paths`, those inside of ZIPs too; yield what became of each."""
        yield from self.take(self._found(paths))

    def take(self, found: "Iterable[Found | Outcome]") -> Iterator[Outcome]:
        """Take in files that were found; an outcome among them is passed on."""
        self.library.tidy()
        yield from _side_by_side(self._taken, found, self.workers)

    def _found(self, paths: Iterable[Path]) -> "Iterator[Found | Outcome]":
        for entry in files_of(paths, self.limits):
            if isinstance(entry, tuple):
                yield Outcome(_shown(entry[0]), Result.REFUSED, entry[1].value)
            else:
                yield Found(entry, _shown(entry.name), _shown(entry))

    def _taken(self, found: "Found | Outcome") -> Iterator[Outcome]:
        if isinstance(found, Outcome):
            yield found
            return
        try:
            if sniff(found.path) is Format.ZIP:
                yield from self._unpacked(found)
            else:
                yield self._one(found)
        except DocumentError as error:
            yield self._refused(found, error)
        except OSError as error:
            yield Outcome(found.name, Result.REFUSED, f"{Refusal.NOT_A_FILE.value}: {error.strerror}")

    def _unpacked(self, found: Found) -> Iterator[Outcome]:
        with self.library.workspace() as folder:
            members = unpack(found.path, folder, self.limits)
            self.opened(len(members))
            for path in members:
                inside = path.relative_to(folder)
                yield from self._taken(
                    replace(found, path=path, name=f"{found.name}/{inside}", origin=f"{found.origin}#{inside}")
                )

    def _one(self, found: Found) -> Outcome:
        if found.path.stat().st_size > self.limits.file_bytes:
            raise DocumentError(Refusal.TOO_LARGE, f"at most {self.limits.file_bytes // 2**20} MiB")
        file = file_digest(found.path)
        known = self.documents.by_file(file)
        if known and known.state is not DocumentState.REFUSED:
            return self._known(found, known)
        if known and not self.again and _ending(known.new.name) == _ending(found.name):
            return Outcome(found.name, Result.REFUSED, known.refusal)
        new = self._read(found, file)
        document, is_new = self.documents.add(self.who, new)
        if not is_new:
            return self._known(found, document)
        return Outcome(found.name, Result.ADDED, "", document.id, new.pages, len(new.doubtful))

    def _known(self, found: Found, known: Document) -> Outcome:
        """Say that a file is there already; what was lost or damaged of it in the library is read again."""
        file, reading = known.new.file, known.new.reading
        if not self.library.is_whole(file, reading) and self._read(found, file).reading != reading:
            lost = f"is document {known.id}, whose text is lost and now reads otherwise; remove it, and take the file in again"
            return Outcome(found.name, Result.REFUSED, lost, known.id)
        return Outcome(found.name, Result.KNOWN, f"is document {known.id}: {known.new.name}", known.id)

    def _read(self, found: Found, file: str) -> NewDocument:
        reading = read_safely(found.path, self.limits)
        units = units_of(reading.blocks)
        if not any(unit.text for unit in units):
            raise DocumentError(Refusal.NO_TEXT)
        digest = self.library.keep(found.path, file, Text(reading, units))
        return NewDocument(
            file, found.name, reading.format, found.origin, found.source, digest, text_digest(reading), len(reading.pages),
            describe(reading.blocks, reading.declared, _shown(found.path.stem)), tuple(map(_doubt, filter(_is_doubtful, reading.pages))),
        )  # fmt: skip

    def _refused(self, found: Found, error: DocumentError) -> Outcome:
        """Note a refusal that lies in the file itself, so that it is not read again."""
        if error.refusal not in _NOT_OF_THE_FILE and found.path.stat().st_size <= self.limits.file_bytes:
            self.documents.refuse(self.who, file_digest(found.path), found.name, found.origin, str(error))
        return Outcome(found.name, Result.REFUSED, str(error))


# What another machine, or another day, may read all the same.
_NOT_OF_THE_FILE = frozenset(
    {Refusal.NO_RECOGNITION, Refusal.NO_OFFICE, Refusal.TOO_SLOW, Refusal.TOO_MUCH_MEMORY, Refusal.CRASHES, Refusal.NOT_A_FILE}
)  # fmt: skip


def text_digest(reading: Reading) -> str:
    """Return what is equal for two files that say the same, whatever their formats: letters and digits alone count."""
    return sha256(letters_of(" ".join(block.text for block in reading.blocks)).encode()).hexdigest()


def _is_doubtful(page: Page) -> bool:
    return page.score < TRUSTED_SCORE


def _doubt(page: Page) -> DoubtfulPage:
    return DoubtfulPage(page.number, round(page.score, 3), tuple(fault.value for fault in page.faults))


def _ending(name: str) -> str:
    """Return what of a name decides how a file is read: a file that was refused is tried again under another ending."""
    return PurePath(name).suffix.lower()


def _shown(path: Path | str) -> str:
    """Return a path in letters that every report takes: older systems named files in an encoding of their own."""
    return os.fsencode(path).decode("utf-8", "replace")


def _side_by_side(work: Callable[[_Item], Iterable[_Done]], items: Iterable[_Item], workers: int) -> Iterator[_Done]:
    """Yield what `work` makes of each item, as it comes; no more items are taken than are soon needed."""
    made: SimpleQueue[_Done | Future] = SimpleQueue()  # a future comes when it has ended, behind all that it made

    def run(item: _Item) -> None:
        for one in work(item):
            made.put(one)

    running, waiting = 0, iter(items)
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                for item in islice(waiting, workers * _AHEAD - running):
                    pool.submit(run, item).add_done_callback(made.put)
                    running += 1
                if not running:
                    return
                one = made.get()
                if isinstance(one, Future):
                    one.result()
                    running -= 1
                else:
                    yield one
        finally:  # Ctrl+C, or a database that is full: what has not begun is left
            pool.shutdown(wait=False, cancel_futures=True)
