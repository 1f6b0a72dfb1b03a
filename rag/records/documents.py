"""Files that authorities published and that somebody brought: read or refused, waiting for a person, shelved or set aside.

What they say lies in the library (`rag.documents.library`), what is served in the corpus (`rag.documents.shelf`); here is who brought
which file, what rules read of it, and which of its pages a person must look at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa
from pydantic import TypeAdapter

from rag.documents.states import DocumentState
from rag.documents.units import Description
from rag.errors import RecordError
from rag.records import tables
from rag.records.accounts import User
from rag.records.audit import note
from rag.records.changes import Draft, Evidence, propose_changes
from rag.records.database import INSERT, Database


class PageDecision(StrEnum):
    """What a person said of a page whose text cannot be trusted."""

    OPEN = "open"
    RIGHT = "right"  # it reads as it is printed
    CORRECTED = "corrected"
    LEFT_OUT = "left-out"


@dataclass(frozen=True, slots=True)
class DoubtfulPage:
    """A page that is not served before a person has looked at it."""

    number: int
    score: float
    faults: tuple[str, ...] = ()
    decision: PageDecision = PageDecision.OPEN


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file that was read. `file`, `reading` are digests in the library; `origin` is the address or path that it came from,
    `source` its id in the list of sources or "", `text_digest` is equal for files that say the same.
    """

    file: str
    name: str
    format: str
    origin: str
    source: str
    reading: str
    text_digest: str
    pages: int
    described: Description
    doubtful: tuple[DoubtfulPage, ...] = ()


@dataclass(frozen=True, slots=True)
class LineEdit:
    """What a person decided of a guide's line that a unit of the document, by id, may change: `words` are the line as it would be,
    `wanted` whether it shall be so. The line is told by the words that it had, `old`.
    """

    guide: str
    old: str
    unit: str
    words: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was brought, read or refused (`refusal`). `previous` is what the same source said before."""

    id: int
    new: NewDocument
    state: DocumentState
    refusal: str
    added_by: str
    added_at: datetime
    previous: int | None
    changes: tuple[int, ...]
    edits: tuple[LineEdit, ...] = ()

    @property
    def open_pages(self) -> tuple[DoubtfulPage, ...]:
        """The pages that still wait for a person."""
        return tuple(page for page in self.new.doubtful if page.decision is PageDecision.OPEN)

    @property
    def left_out(self) -> tuple[int, ...]:
        """The pages whose text is not served."""
        return tuple(p.number for p in self.new.doubtful if p.decision in (PageDecision.OPEN, PageDecision.LEFT_OUT))


_D = tables.documents.c
_DESCRIPTION = TypeAdapter(Description)
_DOUBTFUL = TypeAdapter(tuple[DoubtfulPage, ...])
_EDITS = TypeAdapter(tuple[LineEdit, ...])


class Documents:
    """The files of an open database. `who` is the name in the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, who: str, new: NewDocument) -> tuple[Document, bool]:
        """Store a file that was read; return it and whether it is new. What is there already stays, unless it was refused."""
        with self._database.writing() as connection:
            known = _by_file(connection, new.file)
            if known and known.state is not DocumentState.REFUSED:
                return known, False
            if known:
                connection.execute(sa.delete(tables.documents).where(_D.id == known.id))
            before = sa.select(sa.func.max(_D.id)).where(_D.origin == new.origin, _D.state != DocumentState.REFUSED)
            previous = connection.execute(before).scalar() if new.origin.startswith("http") else None
            row = {**_row(new), "state": DocumentState.WAITING, "previous": previous}
            if (number := _insert(connection, row, who)) is not None:
                note(connection, who, "document-added", number, name=new.name)
                return _known(connection, number), True
        return self.add(who, new)  # somebody else was first

    def refuse(self, who: str, file: str, name: str, origin: str, refusal: str) -> None:
        """Note why a file was not taken, so that it is not read again and again; one that was taken before stays."""
        with self._database.writing() as connection:
            if _by_file(connection, file):
                return
            empty = NewDocument(file, name, "", origin, "", "", "", 0, Description())
            _insert(connection, {**_row(empty), "state": DocumentState.REFUSED, "refusal": refusal}, who)

    def by_file(self, file: str) -> Document | None:
        """Return what is known of a file, by the sha256 of its content."""
        with self._database.reading() as connection:
            return _by_file(connection, file)

    def get(self, number: int) -> Document:
        """Return a file. Raises RecordError for an unknown one."""
        with self._database.reading() as connection:
            return _known(connection, number)

    def all(self, *states: DocumentState, limit: int = 200, before: int | None = None) -> list[Document]:
        """Return files, newest first; those of some states if wanted, those older than `before` for the next page."""
        query = sa.select(tables.documents).order_by(_D.id.desc()).limit(limit)
        if states:
            query = query.where(_D.state.in_(states))
        if before is not None:
            query = query.where(_D.id < before)
        with self._database.reading() as connection:
            return [_document(row) for row in connection.execute(query)]

    def counts(self) -> Mapping[DocumentState, int]:
        """Return how many files there are in each state."""
        query = sa.select(_D.state, sa.func.count()).group_by(_D.state)
        with self._database.reading() as connection:
            return {DocumentState(state): n for state, n in connection.execute(query)}

    def alike(self, document: Document) -> list[Document]:
        """Return other files that say the same words or carry the same number, newest first."""
        same = [_D.text_digest == document.new.text_digest] if document.new.text_digest else []
        same += [_D.number == document.new.described.number] if document.new.described.number else []
        if not same:
            return []
        query = sa.select(tables.documents).where(
            sa.or_(*same), _D.id != document.id, _D.state != DocumentState.REFUSED
        )
        with self._database.reading() as connection:
            return [_document(row) for row in connection.execute(query.order_by(_D.id.desc()))]

    def describe(self, user: User, number: int, described: Description, edits: Sequence[LineEdit] = ()) -> None:
        """Keep what a person says of a document and of what it changes, for the next time its page is opened."""
        values = {
            "described": _DESCRIPTION.dump_python(described, mode="json"), "number": described.number,
            "edits": _EDITS.dump_python(tuple(edits), mode="json"),
        }  # fmt: skip
        with self._database.writing() as connection:
            _known(connection, number)
            connection.execute(sa.update(tables.documents).where(_D.id == number).values(values))
            note(connection, user.name, "document-described", number)

    def decide_page(
        self, user: User, number: int, page: int, decision: PageDecision, corrected: tuple[str, str] | None = None
    ) -> None:
        """Note what a person said of a page; `corrected` is the text's digest that was read and the one that follows from it.

        Raises RecordError for a page that nobody asked about, and when another person corrected the text meanwhile.
        """
        with self._database.writing() as connection:
            found = _known(connection, number)
            if found.state is DocumentState.PROPOSED:
                raise RecordError(f"document {number} is proposed already")
            if page not in {doubtful.number for doubtful in found.new.doubtful}:
                raise RecordError(f"page {page} of document {number} waits for nobody")
            was, reading = corrected or (found.new.reading, found.new.reading)
            if was != found.new.reading:
                raise RecordError(f"document {number} was corrected by another person meanwhile")
            pages = [replace(p, decision=decision) if p.number == page else p for p in found.new.doubtful]
            values = {"doubtful": _DOUBTFUL.dump_python(tuple(pages), mode="json"), "reading": reading}
            connection.execute(sa.update(tables.documents).where(_D.id == number).values(values))
            note(connection, user.name, f"page-{decision}", number, page=page)

    def propose(self, user: User, number: int, drafts: Sequence[Draft], reason: str, evidence: Evidence) -> list[int]:
        """Propose a document's shelf file with what it changes; return the changes' ids.

        Raises RecordError when one of the files has an open change, or when another person proposed the document meanwhile.
        """
        with self._database.writing() as connection:
            if _known(connection, number).state is not DocumentState.WAITING:
                raise RecordError(f"document {number} waits no more")
            ids = propose_changes(connection, user, drafts, reason, evidence)
            _move(connection, user, number, DocumentState.PROPOSED, ids)
        return ids

    def set_aside(self, user: User, number: int) -> None:
        """Note that a document is not wanted; its file stays until somebody removes it."""
        with self._database.writing() as connection:
            _move(connection, user, number, DocumentState.SET_ASIDE, ())

    def wait(self, user: User, number: int) -> None:
        """Let a document wait again: it was set aside, or its change was refused."""
        with self._database.writing() as connection:
            _move(connection, user, number, DocumentState.WAITING, ())

    def remove(self, who: str, number: int) -> Document:
        """Forget a file; what it says is then to be removed from the library. Raises RecordError for an unknown one."""
        with self._database.writing() as connection:
            found = _known(connection, number)
            connection.execute(sa.update(tables.documents).where(_D.previous == number).values(previous=None))
            connection.execute(sa.delete(tables.documents).where(_D.id == number))
            note(connection, who, "document-removed", number, name=found.new.name)
        return found


def _move(connection: sa.Connection, user: User, number: int, state: DocumentState, changes: Sequence[int]) -> None:
    _known(connection, number)
    connection.execute(sa.update(tables.documents).where(_D.id == number).values(state=state, changes=list(changes)))
    note(connection, user.name, f"document-{state}", number)


def _row(new: NewDocument) -> dict[str, object]:
    return {
        **asdict(new), "described": _DESCRIPTION.dump_python(new.described, mode="json"),
        "doubtful": _DOUBTFUL.dump_python(new.doubtful, mode="json"), "number": new.described.number, "changes": [],
        "edits": [], "refusal": "", "previous": None,
    }  # fmt: skip


def _fitting(column: str, value: object) -> object:
    """Return as much of a text as its column takes: a path may be as long as its maker likes."""
    most = getattr(_D[column].type, "length", None)
    return value[:most] if isinstance(value, str) and most else value


def _insert(connection: sa.Connection, row: Mapping[str, object], who: str) -> int | None:
    """Return the number of the new row, None when the file has one already."""
    values = {**row, "added_by": who, "added_at": datetime.now(UTC)}
    values = {column: _fitting(column, value) for column, value in values.items()}
    insert = INSERT[connection.dialect.name](tables.documents).values(values)
    return connection.execute(insert.on_conflict_do_nothing(index_elements=["file"]).returning(_D.id)).scalar()


def _known(connection: sa.Connection, number: int) -> Document:
    row = connection.execute(sa.select(tables.documents).where(_D.id == number)).first()
    if row is None:
        raise RecordError(f"there is no document {number}")
    return _document(row)


def _by_file(connection: sa.Connection, file: str) -> Document | None:
    row = connection.execute(sa.select(tables.documents).where(_D.file == file)).first()
    return _document(row) if row else None


def _document(row: sa.Row) -> Document:
    new = NewDocument(
        row.file, row.name, row.format, row.origin, row.source, row.reading, row.text_digest, row.pages,
        _DESCRIPTION.validate_python(row.described), _DOUBTFUL.validate_python(row.doubtful),
    )  # fmt: skip
    return Document(
        row.id, new, DocumentState(row.state), row.refusal, row.added_by, row.added_at, row.previous, tuple(row.changes),
        _EDITS.validate_python(row.edits),
    )  # fmt: skip
