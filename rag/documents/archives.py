"""ZIP files and folders of strangers: what is in them is counted while it is unpacked, and nothing leads out of them.

What a ZIP says of itself is believed only where that is against it. Nothing here is read as a document.
"""

import io
import os
import re
import stat
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from rag.documents.limits import DocumentError, Limits, Refusal

ZIP_MAGIC = b"PK\x03\x04"

_ENCRYPTED = 1
_UTF8_NAME = 0x800
_HEADER_BYTES = 30  # of a member, before its name
_DIRECTORY_BYTES = 512  # of the directory for each member: 46, its name and what programs add
_CHUNK = 2**16
# A page of spaces or a blank bitmap shrinks a thousandfold and does no harm.
_HARMLESS_BYTES = 10 * 2**20
_NAME_BYTES = 200
_UNSPEAKABLE = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff:*?"<>|]')
_DRIVE = re.compile(r"[A-Za-z]:")


class _Careful(io.FileIO):
    """A file of which nobody reads much at once: `zipfile` reads a directory as long as the file says."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(self._most + 1 if size is None or size < 0 else min(size, self._most + 1)) or b""
        if len(data) > self._most:
            raise DocumentError(Refusal.TOO_LARGE, "its table of contents is longer than that of any honest archive")
        return data


@contextmanager
def open_zip(path: Path, limits: Limits) -> Iterator[ZipFile]:
    """Open a ZIP without reading more than a table of `limits.members` entries. Raises DocumentError."""
    try:
        with _Careful(path, max(2**20, limits.members * _DIRECTORY_BYTES)) as file, ZipFile(file) as archive:
            yield archive
    except (BadZipFile, EOFError, zlib.error, ValueError, NotImplementedError, RuntimeError) as error:
        raise DocumentError(Refusal.DAMAGED, str(error)[:100]) from error


def check_members(path: Path, limits: Limits) -> None:
    """Raise DocumentError for a ZIP (so a DOCX or XLSX, too) that fills the memory of whoever unpacks it with `zipfile`.

    `zipfile` gives no member more bytes than the table of contents says, so what it says is enough to judge by.
    """
    with open_zip(path, limits) as archive:
        _check_table(archive, path.stat().st_size, limits)


def unpack(path: Path, into: Path, limits: Limits) -> list[Path]:
    """Write the files of a ZIP, and of ZIPs in it, below the folder `into`, and return them in its order.

    A ZIP becomes a folder of its name. All or nothing is for the caller: what was written before DocumentError stays in `into`.
    """
    return _Unpacking(limits, most_bytes=_allowed(path.stat().st_size, limits)).unpack(path, into, depth=0)


def files_of(paths: Iterable[Path], limits: Limits) -> Iterator[Path | tuple[Path, Refusal]]:
    """Yield the files at and below `paths`, each once, sorted inside their folders; what cannot be taken comes with its reason.

    Hidden files are left out, and links inside a folder are not followed: what one leads to is found by itself, or lies outside.
    Nothing is opened, and no more is remembered than the names of one folder on each level.
    """
    seen: list[Path] = []
    for path in paths:
        try:
            root = path.resolve(strict=True)
        except (OSError, RuntimeError, ValueError):  # not there, a loop of links, a NUL in its name
            yield path, Refusal.NOT_A_FILE
            continue
        if not any(_found_below(root, earlier) for earlier in seen):
            yield from _walk(root, seen, limits)
            seen.append(root)


@dataclass(slots=True)
class _Unpacking:
    """One archive being unpacked, with those inside of it: they share what may be written."""

    limits: Limits
    most_bytes: int
    members: int = 0
    written: int = 0

    def unpack(self, path: Path, into: Path, depth: int) -> list[Path]:
        files: list[Path] = []
        with open_zip(path, self.limits) as archive:
            _check_table(archive, path.stat().st_size, self.limits)
            self.members += len(archive.infolist())
            if self.members > self.limits.members:
                raise _too_many(self.members, self.limits)
            for member in archive.infolist():
                target = into / _safe_path(member)
                if member.is_dir():
                    continue
                self._write(archive, member, target)
                files += self._inner(target, depth) if _is_archive(target, self.limits) else [target]
        return files

    def _write(self, archive: ZipFile, member: ZipInfo, target: Path) -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            file = target.open("xb")
        except (FileExistsError, NotADirectoryError) as error:
            raise DocumentError(Refusal.UNSAFE_ARCHIVE, f"two of its files are called {target.name}") from error
        with file, archive.open(member) as content:
            while chunk := content.read(_CHUNK):
                self.written += len(chunk)
                if self.written > self.most_bytes:
                    raise _unpacks_too_large(self.most_bytes)
                file.write(chunk)

    def _inner(self, archive: Path, depth: int) -> list[Path]:
        if depth:
            raise DocumentError(Refusal.UNPACKS_TOO_LARGE, "an archive in an archive in an archive")
        aside = archive.rename(archive.with_name(f"{archive.name}.packed"))
        files = self.unpack(aside, archive, depth + 1)
        aside.unlink()
        return files


def _allowed(packed: int, limits: Limits) -> int:
    return min(limits.unpacked_bytes, max(_HARMLESS_BYTES, packed * limits.ratio))


def _check_table(archive: ZipFile, packed: int, limits: Limits) -> None:
    """Raise DocumentError for what the table of contents admits."""
    members = archive.infolist()
    if len(members) > limits.members:
        raise _too_many(len(members), limits)
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise DocumentError(Refusal.ENCRYPTED)
    if sum(member.file_size for member in members) > _allowed(packed, limits):
        raise _unpacks_too_large(_allowed(packed, limits))
    if other := next((m for m in members if m.compress_type not in {ZIP_STORED, ZIP_DEFLATED}), None):
        raise DocumentError(Refusal.UNKNOWN_FORMAT, f"a way of compressing with the number {other.compress_type}")
    starts = sorted((member.header_offset, member.compress_size) for member in members)
    if starts and starts[0][0] < 0:
        raise DocumentError(Refusal.DAMAGED, "a file begins before the archive")
    for (start, size), (following, _) in zip(starts, [*starts[1:], (archive.start_dir, 0)], strict=True):
        if start + _HEADER_BYTES + size > following:
            raise DocumentError(Refusal.UNPACKS_TOO_LARGE, "its files lie over one another")


def _is_archive(path: Path, limits: Limits) -> bool:
    """Tell whether a file is a ZIP that is not an office document."""
    with path.open("rb") as file:
        if file.read(len(ZIP_MAGIC)) != ZIP_MAGIC:
            return False
    try:
        with open_zip(path, limits) as archive:
            return "[Content_Types].xml" not in archive.namelist()
    except DocumentError:
        return False  # the reader of its format will say so


def _safe_path(member: ZipInfo) -> PurePosixPath:
    """Return where a member goes below its folder. Raises DocumentError when it would go elsewhere or is no plain file."""
    name = _name(member).replace("\\", "/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise DocumentError(Refusal.UNSAFE_ARCHIVE, f"{_plain(name)} is a link or a device")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if name.startswith("/") or _DRIVE.match(name) or ".." in parts or not parts:
        raise DocumentError(Refusal.UNSAFE_ARCHIVE, _plain(name))
    return PurePosixPath(*map(_plain, parts))


def _name(member: ZipInfo) -> str:
    """Return a member's name in NFC. Where it is not marked as UTF-8, it mostly is, or else the Windows of Vietnam wrote it."""
    name = member.filename
    if not member.flag_bits & _UTF8_NAME:
        raw = name.encode("cp437")
        for encoding in ("utf-8", "cp1258"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name)


def _plain(name: str) -> str:
    """Return a name that every file system and every line of a report takes; its ending stays."""
    name = _UNSPEAKABLE.sub("_", name)
    stem, dot, suffix = name.rpartition(".")
    while len(name.encode()) > _NAME_BYTES:
        stem, suffix = (stem[:-1], suffix) if stem else ("", suffix[:-1])
        name = stem + dot + suffix
    return name


def _too_many(members: int, limits: Limits) -> DocumentError:
    return DocumentError(Refusal.TOO_LARGE, f"{members:,} files, at most {limits.members:,}")


def _unpacks_too_large(most: int) -> DocumentError:
    return DocumentError(Refusal.UNPACKS_TOO_LARGE, f"more than {most / 2**20:,.0f} MB")


def _found_below(path: Path, root: Path) -> bool:
    """Tell whether walking `root` has already found `path`."""
    if not path.is_relative_to(root):
        return False
    return not any(part.startswith(".") for part in path.relative_to(root).parts)


def _walk(root: Path, seen: list[Path], limits: Limits) -> Iterator[Path | tuple[Path, Refusal]]:
    levels = [iter([root])]
    while levels:
        path = next(levels[-1], None)
        if path is None:
            levels.pop()
        elif path is not root and any(path == earlier for earlier in seen):
            continue
        elif (found := _look(path, root, limits)) is Refusal.NOT_A_FILE or found is Refusal.TOO_LARGE:
            yield path, found
        elif found == "folder":
            try:
                names = sorted(name for name in os.listdir(path) if not name.startswith("."))
            except OSError:
                yield path, Refusal.NOT_A_FILE
                continue
            levels.append(iter([path / name for name in names]))
        elif found == "file":
            yield path


def _look(path: Path, root: Path, limits: Limits) -> Refusal | str:
    """Return "file", "folder", "" for a link to what is found elsewhere, or why this is not taken."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return "" if path.resolve(strict=True).is_relative_to(root) else Refusal.NOT_A_FILE
    except (OSError, RuntimeError):
        return Refusal.NOT_A_FILE
    if stat.S_ISDIR(status.st_mode):
        return "folder"
    if not stat.S_ISREG(status.st_mode) or not os.access(path, os.R_OK):
        return Refusal.NOT_A_FILE
    return "file" if status.st_size <= limits.file_bytes else Refusal.TOO_LARGE
