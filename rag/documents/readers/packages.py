"""Office files are ZIP packages of XML parts: their parts by what they are for. Reads the file, follows nothing out of it."""

import posixpath
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import olefile
from lxml import etree

from rag.documents.archives import check_members
from rag.documents.limits import DocumentError, Limits, Refusal

_STRICT = {  # ISO's names of what everybody else calls otherwise
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    b"http://purl.oclc.org/ooxml/officeDocument/relationships": (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    ),
}
# lxml takes ten times as much memory; 500 pages of law are 4 MB.
_LARGEST_PART = 80 * 2**20


class Package:
    """The parts of an office file, parsed when they are asked for; entities are refused."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}

    def related(self, kind: str, source: str = "") -> str | None:
        """Return the name of the part that `source` ("" the package) calls its `kind`: "styles", "officeDocument"."""
        return self._found(source, lambda relation: relation.get("Type", "").endswith(f"/{kind}"))

    def target(self, relation_id: str, source: str) -> str | None:
        """Return the name of the part that `source` calls by an id."""
        return self._found(source, lambda relation: relation.get("Id") == relation_id)

    def _found(self, source: str, is_meant: Callable[[etree._Element], bool]) -> str | None:
        folder, name = posixpath.split(source)
        relations = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        for relation in relations if relations is not None else ():
            if is_meant(relation) and relation.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
                return target if target.lower() in self._names else None
        return None

    def elements(self, name: str | None, *tags: str) -> Iterator[etree._Element]:
        """Yield elements of a part that may be too large to be held, each as it ends."""
        member = self._names.get((name or "").lower())
        if member is None:
            return
        with self._archive.open(member) as file:
            options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
            for _, element in etree.iterparse(file, events=("end",), tag=tags, **options):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]

    def xml(self, name: str | None) -> etree._Element | None:
        """Return the root of a part, None where there is no such part. Raises DocumentError for broken XML."""
        member = self._names.get((name or "").lower())
        if member is None:
            return None
        if self._archive.getinfo(member).file_size > _LARGEST_PART:
            raise DocumentError(Refusal.TOO_LARGE, f"{member} is larger than {_LARGEST_PART >> 20} MiB")
        data = self._archive.read(member)
        for strict, usual in _STRICT.items():
            data = data.replace(strict, usual)
        root = etree.fromstring(data, safe_parser())
        if root.getroottree().docinfo.internalDTD is not None:
            raise DocumentError(Refusal.DAMAGED, f"{member} declares entities")
        return root


def safe_parser() -> etree.XMLParser:
    """Return a parser that expands no entity, loads nothing and ends at 256 levels."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Package]:
    """Open an office file after its members were checked; whatever is broken in it raises DocumentError."""
    if olefile.isOleFile(str(path)):
        refuse_encrypted(path)
        raise DocumentError(Refusal.WRONG_NAME, "an office file of before 2007")
    check_members(path, limits)
    try:
        with ZipFile(path) as archive:
            yield Package(archive)
    except RuntimeError as error:  # zipfile's only way to say so; also the recursion of nested tables
        refusal = Refusal.ENCRYPTED if "encrypted" in str(error) else Refusal.DAMAGED
        raise DocumentError(refusal) from error
    except (
        BadZipFile,
        zlib.error,
        etree.XMLSyntaxError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        NotImplementedError,
    ) as error:
        raise DocumentError(Refusal.DAMAGED, str(error)[:100]) from error


def refuse_encrypted(path: Path) -> None:
    """Raise DocumentError when an OLE file is a protected office file of any age."""
    try:
        with olefile.OleFileIO(str(path)) as ole:
            if ole.exists("EncryptedPackage"):
                raise DocumentError(Refusal.ENCRYPTED)
            if ole.exists("WordDocument"):
                flags = ole.openstream("WordDocument").read(12)[10:]
                if len(flags) == 2 and flags[1] & 1:  # fEncrypted of the FIB, [MS-DOC] 2.5.2
                    raise DocumentError(Refusal.ENCRYPTED)
    except OSError as error:
        raise DocumentError(Refusal.DAMAGED, str(error)[:100]) from error
