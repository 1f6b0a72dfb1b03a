"""Fact sheets: what the guides are written from. One YAML file a sheet in `corpus/facts/`.

A sheet holds facts (f1…), superseded rules (x1…), open conflicts (c1…), documents of law (l1…) and the
sources (s1…) behind them. Any of the first four is an *item* that a guide line may cite. Reads files only.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import CorpusError
from rag.text import clean

_LEADING_SOURCES = 3
Confidence = Literal["high", "medium", "low"]
FactKind = Literal[
    "definition", "requirement", "step", "document", "fee", "deadline", "place", "contact",
    "tip", "error-fix", "warning", "right", "penalty",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was published. `date` is ISO, possibly only a year or month, or None when unknown; `page` is the address of
    our own picture of the page, for a shelved document.
    """

    publisher: str
    title: str
    url: str | None
    date: str | None
    official: bool
    page: str | None = field(default=None, repr=False)  # not part of a passage's digest


@dataclass(frozen=True, slots=True)
class Item:
    """One citable item of a sheet; `id` is "sheet:f1". `kind` is a fact kind or superseded, conflict, law."""

    id: str
    kind: str
    text: str
    confidence: Confidence
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A fact sheet. `items` maps local ids (f1, x1, c1, l1) to items; `as_of` is its newest source's date."""

    id: str
    title: str
    topic: str
    as_of: date
    items: dict[str, Item]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Fact(_Row):
    id: str = Field(pattern=r"^f\d+$")
    kind: FactKind
    text: str
    sources: list[str] = Field(min_length=1)
    confidence: Confidence


class _Superseded(_Row):
    id: str = Field(pattern=r"^x\d+$")
    old: str
    replaced_by: str
    since: date | str | None
    sources: list[str]


class _Conflict(_Row):
    id: str = Field(pattern=r"^c\d+$")
    text: str


class _Law(_Row):
    id: str = Field(pattern=r"^l\d+$")
    number: str
    name: str
    issued: date | str | None
    effective: date | str | None
    status: str
    articles: list[str | int]


class _Source(_Row):
    id: str = Field(pattern=r"^s\d+$")
    publisher: str
    title: str
    url: str | None
    date: date | str | int | None
    official: bool
    page: str | None = Field(None, pattern=r"^/van-ban/")


class _Sheet(_Row):
    id: str
    title: str
    topic: str
    as_of: date
    audience: list[str]
    legal_basis: list[_Law]
    facts: list[_Fact]
    superseded: list[_Superseded]
    conflicts: list[_Conflict]
    sources: list[_Source]


def load_sheet(path: Path) -> Sheet:
    """Read one sheet. Raises CorpusError with `path:line:` on bad YAML, a bad field or a dead source id."""
    raw = path.read_text(encoding="utf-8")
    try:
        row = _Sheet.model_validate(yaml.load(raw, Loader=yaml.CSafeLoader))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CorpusError(f"{path}:1: {where}: {first['msg']}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a day such as 2026-02-30
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise CorpusError(f"{path}:{line}: not valid YAML: {error}") from error
    if row.id != path.stem:
        raise CorpusError(f"{path}:1: id is {row.id!r}, expected {path.stem!r} (the file's name)")
    return Sheet(row.id, row.title, row.topic, row.as_of, _items(row, path, raw))


def load_sheets(folder: Path) -> dict[str, Sheet]:
    """Read every sheet of `folder`, by id. Raises CorpusError as `load_sheet` does."""
    return {sheet.id: sheet for sheet in map(load_sheet, sorted(folder.glob("*.yaml")))}


def _items(row: _Sheet, path: Path, raw: str) -> dict[str, Item]:
    sources = {s.id: Source(s.publisher, s.title, s.url, _iso(s.date), s.official, s.page) for s in row.sources}

    def cited(item_id: str, ids: list[str]) -> tuple[Source, ...]:
        for source_id in ids:
            if source_id not in sources:
                line = next((n for n, text in enumerate(raw.split("\n"), 1) if f"id: {item_id}," in text), 1)
                raise CorpusError(f"{path}:{line}: {item_id} cites {source_id}, which the sheet does not list")
        return tuple(sources[i] for i in ids)

    # Conflicts and laws name no source of their own: they come from reading the sheet's sources side by side; a clause of a
    # shelved document, which has a page of ours, came later and bears one rule.
    read = [s for s in row.sources if not s.page]
    leading = [s.id for s in sorted(read, key=lambda source: not source.official)][:_LEADING_SOURCES]
    rows: list[tuple[str, str, str, Confidence, list[str]]] = [
        *((f.id, f.kind, f.text, f.confidence, f.sources) for f in row.facts),
        *((x.id, "superseded", _superseded_text(x), "medium", x.sources) for x in row.superseded),
        *((c.id, "conflict", c.text, "low", leading) for c in row.conflicts),
        *((law.id, "law", _law_text(law), "medium", leading) for law in row.legal_basis),
    ]
    items = {
        local: Item(f"{row.id}:{local}", kind, clean(text), confidence, cited(local, ids))
        for local, kind, text, confidence, ids in rows
    }
    if len(items) != len(rows):
        raise CorpusError(f"{path}:1: two items share an id")
    return items


def _superseded_text(row: _Superseded) -> str:
    since = f" (từ {_iso(row.since)})" if row.since else ""
    return f"{row.old} → {row.replaced_by}{since}"


def _law_text(row: _Law) -> str:
    dates = [f"{label} {_iso(day)}" for label, day in (("ban hành", row.issued), ("hiệu lực", row.effective)) if day]
    return "; ".join([f"{row.name} số {row.number}", *dates, row.status, *map(str, row.articles)])


def _iso(value: date | str | int | None) -> str | None:
    return None if value is None else str(value)
