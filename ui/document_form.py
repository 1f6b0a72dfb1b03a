"""The form in which a person confirms what a document says of itself, and the shelf file that follows from it. No I/O."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form

from rag.documents.shelf import ShelfRelation, Shelved, same_number, shelf_id
from rag.documents.units import Description, Relation, RelationKind
from rag.guides import NATIONWIDE, TOPICS
from rag.privacy import mask
from rag.records.changes import Evidence
from rag.records.documents import Document, LineEdit
from rag.text import clean
from ui.wording import typed_day

_WEB = re.compile(r"https?://[^\s\"<>]+\.[^\s\"<>]+")
_UNIT = re.compile(r"(?i)(?:phần|chương|mục|tiểu mục|điều|khoản|điểm|bước|mẫu|bảng|phụ lục|đề mục|đoạn)\b")
_SPARE_ROWS = 2
_DAYS = {"issued": "Ngày ban hành", "in_force": "Ngày có hiệu lực", "expires": "Ngày hết hiệu lực"}
_NO_NAME = "Bạn ghi số hiệu hoặc tên văn bản."
_NO_ISSUER = "Bạn ghi cơ quan ban hành."
_NO_DAY = "Bạn chọn ngày có hiệu lực. Nếu văn bản không ghi, bạn xem ở điều cuối hoặc hỏi nơi ban hành."
_NO_TOPIC = "Bạn chọn chủ đề, để người học hỏi đúng chỗ."
_BAD_ADDRESS = "Địa chỉ của văn bản phải bắt đầu bằng https:// hoặc http://"
_ENDS_EARLY = "Ngày hết hiệu lực đang sớm hơn ngày có hiệu lực."

Short = Annotated[str, Form(max_length=200)]
Rows = Annotated[list[str] | None, Form(max_length=100)]


@dataclass(frozen=True, slots=True)
class RelationRow:
    """What the document does to another one, as it was typed."""

    kind: str = ""
    number: str = ""
    units: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """The form as it was sent or is first shown; days are ISO or what was typed instead."""

    type: str = ""
    number: str = ""
    title: str = ""
    issuer: str = ""
    issued: str = ""
    in_force: str = ""
    expires: str = ""
    territory: str = NATIONWIDE
    topic: str = ""
    url: str = ""
    official: bool = False
    relations: tuple[RelationRow, ...] = ()
    note: str = ""
    edits: tuple[LineEdit, ...] = ()

    @property
    def rows(self) -> tuple[RelationRow, ...]:
        """The relations with empty rows to fill in."""
        return self.relations + (RelationRow(),) * _SPARE_ROWS

    @property
    def name(self) -> str:
        """What the document is called: "Thông tư 59/2019/TT-BTC"."""
        return f"{self.type} {self.number}".strip() if self.number else self.title


def entered(
    type: Short = "", named: Short = "", title: Annotated[str, Form(max_length=1000)] = "", issuer: Short = "",
    issued: Short = "", in_force: Short = "", expires: Short = "", territory: Short = "", topic: Short = "",
    url: Annotated[str, Form(max_length=500)] = "", official: Annotated[bool, Form()] = False,
    note: Annotated[str, Form(max_length=1000)] = "",
    rel_kind: Rows = None, rel_number: Rows = None, rel_units: Rows = None, rel_since: Rows = None,
    edit_guide: Rows = None, edit_old: Rows = None, edit_unit: Rows = None, edit_words: Rows = None, edit_wanted: Rows = None,
) -> Entered:  # fmt: skip
    """Return what was typed, in composed letters; `named` is the number, a name that the address has already.

    `edit_wanted` are the places, counted from 0, of the lines that shall change among those of the form.
    """
    columns = [rel_kind or [], rel_number or [], rel_units or [], rel_since or []]
    lines = [edit_guide or [], edit_old or [], edit_unit or [], edit_words or []]
    rows = (RelationRow(*(clean(cell)[:500] for cell in row)) for row in zip(*columns, strict=False))
    return Entered(
        clean(type), clean(named), clean(title), clean(issuer), clean(issued), clean(in_force), clean(expires), clean(territory),
        clean(topic), clean(url), official, tuple(row for row in rows if row.number), mask(note.strip()),
        tuple(
            LineEdit(clean(guide), clean(old), clean(unit), clean(words), str(n) in (edit_wanted or ()))
            for n, (guide, old, unit, words) in enumerate(zip(*lines, strict=False))
        ),
    )  # fmt: skip


FromForm = Annotated[Entered, Depends(entered)]


def as_entered(document: Document, shelved: Shelved | None = None) -> Entered:
    """Return the form as it is first shown: what rules read or a person saved, and what is confirmed already."""
    said = document.new.described
    url = (
        said.url
        or (document.new.origin if _WEB.fullmatch(document.new.origin) else "")
        or (shelved and shelved.url)
        or ""
    )
    official = said.official if said.official is not None else shelved.official if shelved else _is_official(url)
    return Entered(
        said.type, said.number, said.title, said.issuer, _iso(said.issued), _iso(said.in_force), _iso(said.expires),
        said.territory, said.topic or (shelved.topic if shelved else ""), url, official,
        tuple(RelationRow(r.kind, r.number, "; ".join(r.units), _iso(r.since)) for r in said.relations),
        edits=document.edits,
    )  # fmt: skip


def description(form: Entered) -> Description:
    """Return what a person says of a document; what is no day is left out."""
    relations = (
        Relation(RelationKind(row.kind), row.number, _units(row.units), typed_day(row.since))
        for row in form.relations if row.kind in set(RelationKind)
    )  # fmt: skip
    return Description(
        form.type, form.number, form.title, form.issuer, typed_day(form.issued), typed_day(form.in_force), typed_day(form.expires),
        form.territory or NATIONWIDE, tuple(relations), form.topic, form.url, form.official,
    )  # fmt: skip


def faults(form: Entered) -> list[str]:
    """Return what must be filled in or mended before the document can be proposed."""
    found = [
        f"{name} chưa đúng. Bạn chọn lại nhé." for key, name in _DAYS.items() if (said := getattr(form, key)) and not typed_day(said)
    ]  # fmt: skip
    found += [said for missing, said in (
        (not form.number and not form.title, _NO_NAME), (not form.issuer, _NO_ISSUER), (not form.in_force, _NO_DAY),
        (form.topic not in TOPICS, _NO_TOPIC), (form.url and not _WEB.fullmatch(form.url), _BAD_ADDRESS),
    ) if missing]  # fmt: skip
    begins, ends = typed_day(form.in_force), typed_day(form.expires)
    if begins and ends and ends < begins:
        found.append(_ENDS_EARLY)
    for row in form.relations:
        if row.kind not in set(RelationKind):
            found.append(f"Bạn chọn văn bản này làm gì với {row.number}: thay thế, sửa đổi, bãi bỏ hay hướng dẫn.")
        if row.since and not typed_day(row.since):
            found.append(f"Ngày ở dòng {row.number} chưa đúng. Bạn chọn lại nhé.")
        found += [
            f"“{unit}” ở dòng {row.number} chưa rõ. Bạn ghi như: Điều 5, khoản 2; Điều 7."
            for unit in _units(row.units) if not _UNIT.match(unit)
        ]  # fmt: skip
    return found


def shelved(form: Entered, document: Document, shelf: Mapping[str, Shelved], today: date) -> Shelved:
    """Return the shelf file of a form without faults; a document that is shelved already keeps its id and its questions.

    Raises ValidationError, a ValueError, for what no shelf file can hold.
    """
    said = description(form)
    known = known_as(form, shelf)
    relations = (ShelfRelation(kind=r.kind, number=r.number, units=r.units, since=r.since) for r in said.relations)
    return Shelved(
        id=known.id if known else _new_id(form, shelf), file=document.new.file, reading=document.new.reading,
        type=said.type, number=said.number, title=said.title or form.name, issuer=said.issuer, official=form.official,
        url=form.url or None, issued=said.issued, in_force=said.in_force or today, expires=said.expires,
        territory=said.territory, topic=form.topic, checked=today, without=document.left_out, relations=tuple(relations),
        questions=known.questions if known else {},
    )  # fmt: skip


def known_as(form: Entered, shelf: Mapping[str, Shelved]) -> Shelved | None:
    """Return the shelved document of the same number, or of the same title where neither has a number."""
    return next((
        other for other in shelf.values()
        if same_number(other.number, form.number) or (not other.number and not form.number and other.title == form.title)
    ), None)  # fmt: skip


def evidence(document: Shelved) -> Evidence:
    """Return what a proposal of the document rests on: itself."""
    issued = document.issued.isoformat() if document.issued else ""
    return Evidence(document.issuer, document.name, document.url or "", issued, document.official)


def _new_id(form: Entered, shelf: Mapping[str, Shelved]) -> str:
    base, copies = shelf_id(form.type, form.number, form.title), 1
    made = base
    while made in shelf:
        copies += 1
        made = f"{base[:36]}-{copies}"
    return made


def _units(said: str) -> tuple[str, ...]:
    return tuple(unit for part in said.split(";") if (unit := part.strip()))


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _is_official(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith(".gov.vn")


def relation_rows(rows: Sequence[ShelfRelation]) -> list[str]:
    """Return relations in words: "thay thế 13/2020/TT-BTC: Điều 5, khoản 2 (từ 01/07/2026)"."""
    return [
        f"{row.kind} {row.number}{': ' + '; '.join(row.units) if row.units else ''}"
        f"{f' (từ {row.since:%d/%m/%Y})' if row.since else ''}"
        for row in rows
    ]  # fmt: skip
