"""Guides: the Markdown files in `corpus/guides/<topic>/<id>.md` that learners are answered from.

A guide is YAML front matter and fixed `##` sections. Every body line is one sentence or step and ends
with the items it states: `{f1, f4, other-sheet:f2; từ 2026-07-01; đến 2026-12-31}`; a bare id belongs to
the first sheet in `covers`, "từ" and "đến" bound the days on which the line is true. Sources follow from
the items, so that each is written down once, in its sheet. Reads files only.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import CorpusError
from rag.sheets import Confidence, Item, Sheet, Source
from rag.suspect import suspicion
from rag.text import clean, slug

TOPICS = {
    "vneid": "VNeID và định danh điện tử",
    "can-cuoc": "Thẻ căn cước",
    "cu-tru": "Cư trú: thường trú, tạm trú",
    "cong-dich-vu-cong": "Cổng Dịch vụ công",
    "ho-tich": "Khai sinh, kết hôn, chứng thực",
    "ly-lich-tu-phap": "Lý lịch tư pháp",
    "bao-hiem-y-te": "Bảo hiểm, khám chữa bệnh",
    "thanh-toan-so": "Thanh toán không tiền mặt",
    "an-toan-so": "An toàn trên mạng",
    "ky-nang-ai": "Dùng trí tuệ nhân tạo (AI)",
    "giao-thong": "Xe cộ, giấy phép lái xe",
    "xuat-nhap-canh": "Hộ chiếu, xuất nhập cảnh",
    "thue-kinh-doanh": "Thuế, hộ kinh doanh",
    "dat-dai": "Đất đai",
    "khac": "Phong trào học và việc khác",
}


NATIONWIDE = "toàn quốc"


class Section(StrEnum):
    """The sections of a guide in the order in which people need them; the value is the slug in passage ids."""

    SHORT = "tra-loi-ngan"
    ABOUT = "can-biet"
    WHO = "ai-lam-duoc"
    PAPERS = "giay-to"
    STEPS = "cac-buoc"
    FEE = "le-phi"
    DEADLINE = "thoi-han"
    PLACE = "noi-lam"
    CONTACT = "lien-he"
    PENALTY = "muc-phat"
    ERRORS = "loi-thuong-gap"
    WARNING = "canh-bao"
    CHANGED = "quy-dinh-cu-da-doi"
    UNCLEAR = "chua-ro"


HEADINGS = {
    "Trả lời ngắn": Section.SHORT, "Cần biết": Section.ABOUT, "Ai làm được": Section.WHO,
    "Giấy tờ": Section.PAPERS, "Các bước": Section.STEPS, "Lệ phí": Section.FEE, "Thời hạn": Section.DEADLINE,
    "Nơi làm": Section.PLACE, "Liên hệ": Section.CONTACT, "Mức phạt": Section.PENALTY,
    "Lỗi thường gặp": Section.ERRORS, "Cảnh báo": Section.WARNING,
    "Quy định cũ đã đổi": Section.CHANGED, "Chưa rõ": Section.UNCLEAR,
}  # fmt: skip
REFERENCE = re.compile(r"\s*\{([^{}]*)\}$")
_BULLET = re.compile(r"^(?:(?P<step>\d+)\. |(?P<bullet>- ))?(?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class Line:
    """One checked statement. `text` is what learners read; `step` its number in a list of steps, else None."""

    text: str
    items: tuple[Item, ...]
    step: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    number: int = 0

    def valid_on(self, day: date) -> bool:
        """Tell whether the line is true on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    @property
    def confidence(self) -> Confidence:
        """The weakest confidence among the items that the line states."""
        found = {item.confidence for item in self.items}
        return "low" if "low" in found or not found else "medium" if "medium" in found else "high"

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources behind the line, official ones first, each once."""
        every = dict.fromkeys(source for item in self.items for source in item.sources)
        return tuple(sorted(every, key=lambda source: not source.official))


@dataclass(frozen=True, slots=True)
class Passage:
    """A section (or `###` part of one) of a guide: the unit that is indexed, retrieved and cited.

    `id` is "guide#section" or "guide#section/part" and survives edits; `digest` changes with the content.
    """

    id: str
    guide_id: str
    guide_title: str
    topic: str
    section: Section
    heading: str
    lines: tuple[Line, ...]
    as_of: date

    @property
    def text(self) -> str:
        """The passage's own words, one line a statement, without headings."""
        return "\n".join(line.text for line in self.lines)

    @property
    def part(self) -> str:
        """The `###` heading that the passage stands under; "" where its section has no parts."""
        return self.heading.partition(": ")[2]

    @property
    def digest(self) -> str:
        """sha256 of all that an answer could take from the passage; where in the file it stands does not count."""
        lines = [(line.text, line.items, line.step, line.valid_from, line.valid_until) for line in self.lines]
        return sha256(repr((self.guide_title, self.heading, lines, self.as_of)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide: what learners may ask, and the passages that answer.

    `document` is the id of the shelved document whose article it is (`rag.documents.shelf`), "" for a guide that we wrote.
    """

    id: str
    title: str
    topic: str
    audience: tuple[str, ...]
    only_for: tuple[str, ...]
    covers: tuple[str, ...]
    as_of: date
    territory: str
    reviewed: bool
    related: tuple[str, ...]
    replaces: tuple[str, ...]
    questions: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    passages: tuple[Passage, ...]
    path: Path
    document: str = ""

    def passages_on(self, day: date) -> tuple[Passage, ...]:
        """Return the passages with the lines that are true on `day`, without those that then have none."""
        current = (replace(p, lines=tuple(line for line in p.lines if line.valid_on(day))) for p in self.passages)
        return tuple(passage for passage in current if passage.lines)

    def places(self, text: str) -> list[tuple[Passage, Line]]:
        """Return the lines of exactly these words, each with its passage."""
        return [(passage, line) for passage in self.passages for line in passage.lines if line.text == text]

    @property
    def digest(self) -> str:
        """sha256 over the guide's passages."""
        return sha256("".join(p.digest for p in self.passages).encode()).hexdigest()


class _LeftOut(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    item: str
    reason: str = Field(min_length=10)


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str = Field(min_length=5, max_length=90)
    topic: str
    audience: list[str] = Field(min_length=1)
    only_for: list[str] = []  # words of a question that asks for these people: a guide for foreigners, children, firms
    covers: list[str] = Field(min_length=1)
    as_of: date
    territory: str = NATIONWIDE
    reviewed: bool = False
    related: list[str] = []
    replaces: list[str] = []
    questions: list[str]
    left_out: list[_LeftOut] = []


def load_guide(path: Path, sheets: dict[str, Sheet]) -> Guide:
    """Read one guide. Raises CorpusError, whose message has one `path:line: …` row a problem."""
    raw = path.read_text(encoding="utf-8")
    head, body, offset = _split(path, raw)
    front = _front_matter(path, head)
    problems: list[str] = []
    passages = _passages(front, sheets, body, offset, lambda n, text: problems.append(f"{path}:{n}: {text}"))
    if problems:
        raise CorpusError("\n".join(problems))
    return Guide(
        front.id, front.title, front.topic, tuple(front.audience), tuple(front.only_for), tuple(front.covers), front.as_of, front.territory,
        front.reviewed, tuple(front.related), tuple(front.replaces), tuple(clean(q) for q in front.questions),
        tuple((qualified(out.item, front.covers), out.reason) for out in front.left_out), passages, path,
    )  # fmt: skip


def load_guides(corpus: Path, sheets: dict[str, Sheet]) -> dict[str, Guide]:
    """Read `corpus/guides/*/*.md`, by id. Raises CorpusError with the problems of every guide."""
    guides: dict[str, Guide] = {}
    problems: list[str] = []
    for path in sorted((corpus / "guides").glob("*/*.md")):
        try:
            guide = load_guide(path, sheets)
            guides[guide.id] = guide
        except CorpusError as error:
            problems.append(str(error))
    if problems:
        raise CorpusError("\n".join(problems))
    return guides


def qualified(item: str, covers: list[str] | tuple[str, ...]) -> str:
    """Return the full item id: "f1" belongs to the first covered sheet."""
    return item if ":" in item else f"{covers[0]}:{item}"


def _split(path: Path, raw: str) -> tuple[str, list[str], int]:
    lines = raw.split("\n")
    if lines[0] != "---" or "---" not in lines[1:]:
        raise CorpusError(f"{path}:1: no front matter between two lines of ---")
    end = lines.index("---", 1)
    return "\n".join(lines[1:end]), lines[end + 1 :], end + 2


def _front_matter(path: Path, head: str) -> _FrontMatter:
    try:
        front = _FrontMatter.model_validate(yaml.load(head, Loader=yaml.CSafeLoader))
    except ValidationError as error:
        rows = []
        for found in error.errors():
            key = str(found["loc"][0])
            line = next((n for n, text in enumerate(head.split("\n"), 2) if text.startswith(f"{key}:")), 1)
            rows.append(f"{path}:{line}: {'.'.join(map(str, found['loc']))}: {found['msg']}")
        raise CorpusError("\n".join(rows)) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a day such as 2026-02-30
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise CorpusError(f"{path}:{line}: not valid YAML: {getattr(error, 'problem', error)}") from error
    if front.topic not in TOPICS:
        raise CorpusError(f"{path}:1: topic {front.topic!r} is none of {', '.join(TOPICS)}")
    if (front.id, front.topic) != (path.stem, path.parent.name):
        raise CorpusError(f"{path}:1: id and topic are {front.id!r} and {front.topic!r}, expected those of the path")
    return front


def _passages(
    front: _FrontMatter, sheets: dict[str, Sheet], body: list[str], offset: int, report
) -> tuple[Passage, ...]:
    passages: dict[str, Passage] = {}
    section, part, lines = None, "", []

    def close() -> None:
        if section is None or not lines:
            return
        heading = next(name for name, value in HEADINGS.items() if value is section)
        key = f"{front.id}#{section}" + (f"/{slug(part)}" if part else "")
        passages[key] = Passage(
            key, front.id, front.title, front.topic, section, f"{heading}: {part}" if part else heading,
            tuple(lines), front.as_of,
        )  # fmt: skip

    for number, text in enumerate(body, offset):
        if text.startswith("## ") or text.startswith("### "):
            close()
            lines = []
            if text.startswith("### "):
                part = text[4:].strip()
                continue
            part, found = "", HEADINGS.get(text[3:].strip())
            if found is None:
                report(number, f"heading {text[3:]!r} is none of {', '.join(HEADINGS)}")
            elif section is not None and list(Section).index(found) <= list(Section).index(section):
                report(number, f"section {text[3:]!r} comes twice or out of order")
            section = found or section
        elif text.strip() and section is None:
            report(number, "text before the first section")
        elif text.strip():
            try:
                lines.append(_line(text, number, front.covers, sheets))
            except CorpusError as error:
                report(number, str(error))
    close()
    return tuple(passages.values())


def _line(raw: str, number: int, covers: list[str], sheets: dict[str, Sheet]) -> Line:
    reference = REFERENCE.search(raw)
    if not reference:
        raise CorpusError("the line cites nothing; end it with {f1} or the like")
    match = _BULLET.match(raw[: reference.start()].strip())
    text = clean(match["text"]) if match else ""
    ids, *bounds = (part.strip() for part in reference.group(1).split(";"))
    items = []
    for local in filter(None, (part.strip() for part in ids.split(","))):
        sheet_id, _, item_id = qualified(local, covers).partition(":")
        if sheet_id not in covers:
            raise CorpusError(f"{local} is of a sheet that `covers` does not list")
        if sheet_id not in sheets or item_id not in sheets[sheet_id].items:
            raise CorpusError(f"{local} does not exist in the sheets")
        items.append(sheets[sheet_id].items[item_id])
    if not items or not text:
        raise CorpusError("the line is empty or cites nothing")
    if reason := suspicion(raw[: reference.start()]):
        raise CorpusError(f"the line {reason}; a guide is plain Vietnamese for people")
    days = {key: _day(value) for key, _, value in (bound.partition(" ") for bound in bounds)}
    if set(days) - {"từ", "đến"}:
        raise CorpusError(f"bounds are {sorted(days)}, expected từ YYYY-MM-DD or đến YYYY-MM-DD")
    step = int(match["step"]) if match and match["step"] else None
    return Line(text, tuple(items), step, days.get("từ"), days.get("đến"), number)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise CorpusError(f"{text.strip()!r} is not a day like 2026-12-31") from error
