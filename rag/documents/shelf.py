"""Official documents beside the guides: what a shelf file says, and the documents' articles as guides that can be searched.

`documents/<id>.yaml` in a corpus has what a person confirmed about one document and the digests by which the library finds
its text. An article becomes a guide of its own, its clauses passages, their sentences lines; a document without articles
becomes one guide with its headings as passages. A line is true from the day the document is in force until the day
before a shelved document replaces, amends or repeals the unit that it stands in. Reads files only.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.documents.library import Library
from rag.documents.units import CLOSING, OPENING, RelationKind, Unit, UnitKind, is_within, unit_id
from rag.errors import CorpusError
from rag.guides import NATIONWIDE, TOPICS, Guide, Line, Passage, Section
from rag.sheets import Item, Source
from rag.suspect import suspicion
from rag.text import clean, fold, sentences, slug

FOLDER = "documents"
_MAX_TITLE_CHARS = 220
# A line is shown whole in an answer of 900 characters; a longer sentence of a law is parted at its semicolons.
_MAX_LINE_CHARS = 420
_ID = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
_MAX_ID_CHARS = 40  # with an article's slug it must fit the column of a guide's id

# What an article or heading is about, told by its own words without marks; the first that matches decides.
_SECTIONS = (
    (re.compile(r"\b(?:muc thu|le phi|phi,|phi$|bieu phi|muc phi|mien (?:phi|nop)|gia dich vu)"), Section.FEE, "fee"),
    (re.compile(r"\b(?:muc phat|xu phat|phat tien|hinh thuc phat)"), Section.PENALTY, "penalty"),
    (re.compile(r"\b(?:thoi han|thoi gian giai quyet|thoi gian thuc hien)"), Section.DEADLINE, "deadline"),
    (re.compile(r"\b(?:ho so|giay to|thanh phan|bieu mau)"), Section.PAPERS, "document"),
    (re.compile(r"\b(?:trinh tu|thu tuc|cac buoc|cach thuc thuc hien|cach lam|buoc \d)"), Section.STEPS, "step"),
    (re.compile(r"\b(?:noi (?:nop|lam|tiep nhan)|dia (?:chi|diem)|co quan (?:thuc hien|giai quyet|tiep nhan)|tham quyen)"), Section.PLACE, "place"),
    (re.compile(r"\b(?:lien he|duong day nong|so dien thoai)"), Section.CONTACT, "contact"),
    (re.compile(r"\b(?:doi tuong|dieu kien|nguoi duoc|yeu cau)"), Section.WHO, "requirement"),
)  # fmt: skip


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ShelfRelation(_Row):
    """What the document does to another one; see `rag.documents.units.Relation`."""

    kind: RelationKind
    number: str
    units: tuple[str, ...] = ()
    since: date | None = None


class Shelved(_Row):
    """A shelf file. `file` and `reading` are the sha256 by which the library finds the original and its text; `checked` is the
    day on which a person confirmed it; text that begins on the pages in `without` is left out. `questions` are ways in which
    learners ask, by the slug of the article that answers.
    """

    id: str = Field(pattern=_ID, max_length=_MAX_ID_CHARS)
    file: str = Field(pattern=r"^[0-9a-f]{64}$")
    reading: str = Field(pattern=r"^[0-9a-f]{64}$")
    type: str
    number: str
    title: str = Field(min_length=1)
    issuer: str = Field(min_length=1)
    official: bool
    url: str | None = Field(None, pattern=r"^https?://\S+$")
    issued: date | None
    in_force: date
    expires: date | None = None
    territory: str = NATIONWIDE
    topic: str
    checked: date
    without: tuple[int, ...] = ()
    relations: tuple[ShelfRelation, ...] = ()
    questions: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the document is called: "Thông tư 59/2019/TT-BTC", its title where it has no number."""
        return f"{self.type} {self.number}".strip() if self.number else self.title


def shelf_path(document_id: str) -> str:
    """Return the path of a shelf file in a corpus."""
    return f"{FOLDER}/{document_id}.yaml"


def shelf_id(kind: str, number: str, title: str) -> str:
    """Return the id of a document: "Thông tư", "59/2019/TT-BTC" → "59-2019-tt-btc"; of its title where it has no number."""
    return slug(number or f"{kind} {title}")[:_MAX_ID_CHARS].strip("-")


def shelf_text(document: Shelved) -> str:
    """Return the document as a shelf file has it."""
    row = document.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(row, allow_unicode=True, sort_keys=False, width=10_000)


def read_shelved(text: str, where: str) -> Shelved:
    """Read the text of a shelf file. Raises CorpusError with `where:1:`."""
    try:
        document = Shelved.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
    except ValidationError as error:
        first = error.errors()[0]
        raise CorpusError(f"{where}:1: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise CorpusError(f"{where}:1: not valid YAML: {getattr(error, 'problem', error)}") from error
    if document.id != Path(where).stem:
        raise CorpusError(f"{where}:1: id is {document.id!r}, expected the file's name")
    if document.topic not in TOPICS:
        raise CorpusError(f"{where}:1: topic {document.topic!r} is none of {', '.join(TOPICS)}")
    if document.expires and document.expires < document.in_force:
        raise CorpusError(f"{where}:1: expires on {document.expires}, before it is in force")
    return document


def load_shelf(corpus: Path) -> tuple[Shelved, ...]:
    """Read `corpus/documents/*.yaml`. Raises CorpusError with the problems of every file."""
    found, problems = [], []
    for path in sorted((corpus / FOLDER).glob("*.yaml")):
        try:
            found.append(read_shelved(path.read_text(encoding="utf-8"), str(path)))
        except CorpusError as error:
            problems.append(str(error))
    if problems:
        raise CorpusError("\n".join(problems))
    return tuple(found)


def shelved_guides(documents: Sequence[Shelved], library: Library) -> Iterator[Guide]:
    """Yield the documents' articles as guides. Raises CorpusError when the library lacks one."""
    said = endings(documents)
    for document in documents:
        units = [unit for unit in library.units(document.file, document.reading) if unit.page not in document.without]
        yield from guides_of(document, units, said)


def guides_of(document: Shelved, units: Sequence[Unit], said: "Endings") -> list[Guide]:
    """Return the articles of one document as guides; `said` is what the shelved documents say of each other's end."""
    worded = [unit for unit in units if (unit.text or unit.heading) and unit.path[0] not in (OPENING, CLOSING)]
    if not worded:
        return []
    lawful = any(unit.kind is UnitKind.ARTICLE for unit in worded)
    if not lawful:
        return [_guide(document, "", document.title, worded, said)]
    articles: dict[str, list[Unit]] = defaultdict(list)
    for unit in worded:
        articles[unit.path[0]].append(unit)
    guides = (_guide(document, slug(top), heading_of(top, rows), rows, said) for top, rows in articles.items())
    return [guide for guide in guides if guide.passages]  # a chapter has only its name


@dataclass(frozen=True, slots=True)
class Ending:
    """The first day on which what stands within a unit, by id ("": the whole document), is no longer so, and which document
    says it; None where the document itself does.
    """

    unit: str
    day: date
    by: Shelved | None = None


Endings = Mapping[str, Sequence[Ending]]  # by the number of the document that ends, as `same_number` compares them


def endings(documents: Iterable[Shelved]) -> Endings:
    """Return what documents say of the end of others."""
    found: dict[str, list[Ending]] = defaultdict(list)
    for document in documents:
        for relation in document.relations:
            if relation.kind is RelationKind.GUIDES or (relation.kind is RelationKind.AMENDS and not relation.units):
                continue  # nothing ends by it, or it is not known what
            day = relation.since or document.in_force
            found[_bare(relation.number)] += [Ending(_named(unit), day, document) for unit in relation.units or ("",)]
    return found


def first_ending(document: Shelved, said: Endings, unit: str = "") -> Ending | None:
    """Return when a document, or the unit of this id, ends or ended."""
    found = [ending for ending in said.get(_bare(document.number), ()) if is_within(unit, ending.unit)]
    if document.expires:
        found.append(Ending("", document.expires + timedelta(days=1)))
    return min(found, key=lambda ending: ending.day, default=None)


def same_number(one: str, other: str) -> bool:
    """Tell whether two document numbers are one, however they are spaced."""
    return bool(one) and _bare(one) == _bare(other)


def heading_of(top: str, units: Iterable[Unit]) -> str:
    """Return "Điều 4. Mức thu" of the units of an article, its bare name where it has no heading."""
    own = next((unit.heading for unit in units if unit.path == (top,) and unit.heading), "")
    return f"{top}. {own}" if own and own != top else top


def source_of(document: Shelved, unit: Unit) -> Source:
    """Return a unit of a document as what a statement stands on, with the page of ours that shows it."""
    title = ", ".join((document.name, *unit.path)) if unit.path else document.name
    issued = document.issued.isoformat() if document.issued else None
    return Source(
        document.issuer, title, document.url, issued, document.official, f"/van-ban/{document.id}/trang/{unit.page}?doan={unit.id}"
    )  # fmt: skip


def _named(unit: str) -> str:
    """Return the id of a unit from its name: "Điều 5, khoản 2" → "dieu-5/khoan-2"."""
    return unit_id(part for part in unit.split(",") if part.strip())


def _bare(number: str) -> str:
    return "".join(clean(number).upper().split())


def _guide(document: Shelved, key: str, heading: str, units: Sequence[Unit], said: Endings) -> Guide:
    guide_id = f"{document.id}--{key}" if key else document.id
    title = _shortened(f"{heading} ({document.name})" if key else document.title)
    about = _shortened(f"{heading}. {document.name} {document.title}")
    passages = tuple(_passages(document, guide_id, about, units, said))
    # What the article and its document are about stands for the questions that nobody has written yet.
    questions = document.questions.get(key) or (f"{heading}: {document.title}",)
    return Guide(
        guide_id, title, document.topic, (), (), (), document.checked, document.territory, False, (), (),
        tuple(map(clean, questions)), (), passages, Path(shelf_path(document.id)), document.id,
    )  # fmt: skip


def _passages(document: Shelved, guide_id: str, about: str, units: Sequence[Unit], said: Endings) -> Iterator[Passage]:
    """Yield a passage a clause, or a heading of a document without articles, with what stands below it."""
    number, used = 0, set[str]()
    for name, group in groupby(units, key=_passage_name):
        rows = list(group)
        heading = heading_of(name[0], rows)
        section, kind = section_of(heading)
        lines = []
        for unit in rows:
            end = first_ending(document, said, unit.id)
            until = end.day - timedelta(days=1) if end else None
            for text in _line_texts(unit):
                number += 1
                item = Item(f"{document.id}:{unit.id}", kind, text, "high", (source_of(document, unit),))
                lines.append(Line(text, (item,), None, document.in_force, until, number))
        if not lines:
            continue
        shown = heading if len(name) == 1 else f"{heading}, {', '.join(name[1:])}"
        key = base = slug(" ".join(name)) or "doan"
        copies = 1
        while key in used:
            copies += 1
            key = f"{base}-{copies}"
        used.add(key)
        yield Passage(
            f"{guide_id}#{key}", guide_id, about, document.topic, section, shown, tuple(lines), document.checked
        )


def section_of(heading: str) -> tuple[Section, str]:
    """Return what a heading announces: "Mức thu lệ phí" → (FEE, "fee"); (ABOUT, "definition") when its words do not tell."""
    plain = fold(clean(heading))
    return next(
        ((section, kind) for words, section, kind in _SECTIONS if words.search(plain)), (Section.ABOUT, "definition")
    )


def _passage_name(unit: Unit) -> tuple[str, ...]:
    return unit.path[:2]


def _line_texts(unit: Unit) -> list[str]:
    """Return a unit's sentences; without those that hide something or speak to the assistant."""
    return [text for sentence in sentences(clean(unit.text)) for text in _parted(sentence) if not suspicion(text)]


def _parted(sentence: str) -> list[str]:
    """Part a sentence that is too long for an answer at its semicolons, its commas, or anywhere between two words."""
    if len(sentence) <= _MAX_LINE_CHARS:
        return [sentence]
    for mark in ("; ", ", ", " "):
        cut = sentence.rfind(mark, _MAX_LINE_CHARS // 3, _MAX_LINE_CHARS)
        if cut > 0:
            end = cut + len(mark.rstrip())
            return [sentence[:end].strip(), *_parted(sentence[end:].strip())]
    return [sentence[:_MAX_LINE_CHARS], *_parted(sentence[_MAX_LINE_CHARS:])]


def _shortened(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _MAX_TITLE_CHARS else text[: text.rfind(" ", 0, _MAX_TITLE_CHARS)] + " …"
