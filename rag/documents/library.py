"""The library: every document as it came and as it was read, `documents/<sha256 of the file>/` in the home folder.

Contents never change under their name: `original.<ext>`, `<sha256>.json` for each reading of it (the first, and those that a
person corrected), and what can be made again (page images). A folder appears whole or not at all, so that a kill leaves no
half document. What a document means, who confirmed it and whether it is served is not known here.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from pydantic import TypeAdapter

from rag.disk import replace_bytes, settle
from rag.documents.pages import Reading
from rag.documents.units import Unit
from rag.errors import CorpusError

_CHUNK = 2**20
_ASIDE = ".making"  # ends the name of what is not whole yet, after number and start of the process that makes it


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text: what was read, and what it was taken apart into."""

    reading: Reading
    units: tuple[Unit, ...]


_TEXT = TypeAdapter(Text)


class Library:
    """The documents under one folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, path: Path, file: str, text: Text) -> str:
        """Store a file of digest `file` and its text; return the digest of the text. What is there already and whole stays."""
        content = _TEXT.dump_json(text)
        digest = sha256(content).hexdigest()
        final = self.folder / file
        if final.exists():
            self._complete(final, path, digest, content)
            return digest
        making = self._aside()
        shutil.copyfile(path, making / f"original{path.suffix.lower()}")
        (making / f"{digest}.json").write_bytes(content)
        try:
            settle(making, final)
        except OSError:
            if not final.exists():
                raise
            shutil.rmtree(making, ignore_errors=True)  # another process was first
            self._complete(final, path, digest, content)
        return digest

    def revise(self, file: str, text: Text) -> str:
        """Store another text of a known file, as a person corrected it; return its digest."""
        content = _TEXT.dump_json(text)
        digest = sha256(content).hexdigest()
        self._add(self._folder(file) / f"{digest}.json", content)
        return digest

    def text(self, file: str, digest: str) -> Text:
        """Return a text. Raises CorpusError when there is none, or when it is not what was stored."""
        content = self._content(file, digest)
        return _TEXT.validate_json(content)

    def units(self, file: str, digest: str) -> tuple[Unit, ...]:
        """Return only what a text was taken apart into. Raises CorpusError as `text` does."""
        return self.text(file, digest).units

    def has(self, file: str, digest: str) -> bool:
        """Tell whether a text is there."""
        return (self.folder / file / f"{digest}.json").is_file()

    def is_whole(self, file: str, digest: str) -> bool:
        """Tell whether a file and a text of it are there as they were stored."""
        try:
            return file_digest(self.original(file)) == file and self._content(file, digest) != b""
        except (CorpusError, OSError):
            return False

    def original(self, file: str) -> Path:
        """Return where the file itself lies. Raises CorpusError."""
        found = next(self._folder(file).glob("original*"), None)
        if found is None:
            raise CorpusError(
                f"{self.folder / file}:1: the original is missing; read the file again with: binhdan ingest"
            )
        return found

    def image(self, file: str, number: int, width: int) -> Path:
        """Return where the picture of a page lies once it is made."""
        return self.folder / file / f"page-{number}-{width}.png"

    def remove(self, file: str) -> None:
        """Delete a document and all that was made of it, at once."""
        folder = self.folder / file
        if folder.exists():
            shutil.rmtree(folder.rename(self._aside() / file).parent, ignore_errors=True)

    def files(self) -> list[str]:
        """Return the digests of the files that are there."""
        return sorted(path.name for path in self.folder.glob("*") if path.is_dir() and "." not in path.name)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give an empty folder for as long as it is needed."""
        folder = self._aside()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def tidy(self) -> None:
        """Delete what processes that were killed left half made."""
        for leftover in self.folder.glob(f"*{_ASIDE}"):
            number, _, started = leftover.suffixes[-2][1:].partition("-")
            if not _lives(int(number), started):
                shutil.rmtree(leftover, ignore_errors=True)

    def _aside(self) -> Path:
        """Make a folder that nobody takes for a document."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return Path(mkdtemp(f".{os.getpid()}-{_started(os.getpid())}{_ASIDE}", dir=self.folder))

    def _folder(self, file: str) -> Path:
        folder = self.folder / file
        if not folder.is_dir():
            raise CorpusError(f"{folder}:1: is missing; read the file again with: binhdan ingest")
        return folder

    def _content(self, file: str, digest: str) -> bytes:
        try:
            content = (self._folder(file) / f"{digest}.json").read_bytes()
        except OSError as error:
            raise CorpusError(
                f"{self.folder / file}:1: its text is missing; read it again with: binhdan ingest"
            ) from error
        if sha256(content).hexdigest() != digest:
            raise CorpusError(
                f"{self.folder / file}:1: its text is damaged; read it again with: binhdan ingest --again"
            )
        return content

    def _complete(self, final: Path, path: Path, digest: str, content: bytes) -> None:
        """Add a text to a document, and what somebody lost or damaged of its file."""
        original = final / f"original{path.suffix.lower()}"
        if not any(file_digest(found) == final.name for found in final.glob("original*")):
            replace_bytes(original, path.read_bytes())
        self._add(final / f"{digest}.json", content)

    @staticmethod
    def _add(path: Path, content: bytes) -> None:
        if not path.exists() or path.read_bytes() != content:
            replace_bytes(path, content)


def _lives(process: int, started: str) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and is another user's
        pass
    return _started(process) in {started, ""}


def _started(process: int) -> str:
    """Return when a process began, "" when that cannot be seen: numbers come again, in a container at every start."""
    try:
        said = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return said.rpartition(")")[2].split()[19]


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's content, read in pieces."""
    digest = sha256()
    with path.open("rb") as handle:
        while piece := handle.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
