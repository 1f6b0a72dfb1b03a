"""What a document is made of, below its pages: articles, clauses, points, steps, rows of fees. Values only, no I/O."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rag.text import slug

# The letter of a point or of a number, not of a word: "điểm đ", "khoản 3đ", "điểm đ1".
_STROKED = re.compile(r"(?<![^\W\d])đ(?![^\W\d])")
# What stands before the first article (legal bases) and after the last (signature, recipients): what a path is there.
OPENING, CLOSING = "mở đầu", "kết thúc"


def unit_id(path: Iterable[str]) -> str:
    """Return a path as an ASCII slug: ("Điều 10", "khoản 2", "điểm đ") → "dieu-10/khoan-2/diem-dd"."""
    return "/".join(slug(_STROKED.sub("dd", part)) for part in path)


def is_within(unit: str, other: str) -> bool:
    """Tell whether a unit, by id, is `other` or stands below it; everything is within ""."""
    return not other or unit == other or unit.startswith(f"{other}/")


class UnitKind(StrEnum):
    """What a unit is; the value is the word that a path begins with, where Vietnamese law has one."""

    PART = "phần"
    CHAPTER = "chương"
    SECTION = "mục"
    SUBSECTION = "tiểu mục"
    ARTICLE = "điều"
    CLAUSE = "khoản"
    POINT = "điểm"
    STEP = "bước"
    ROW = "dòng"  # of a table
    FORM = "mẫu"
    HEADING = "đề mục"
    PARAGRAPH = "đoạn"


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a document that can be cited, in reading order; a unit without text of its own only holds others.

    `path` names it from the top that citations name: ("Điều 10", "khoản 2", "điểm a"); chapters and sections stand in `under`
    ("Chương II. Cấp thẻ"). `heading` is its own title ("Lệ phí cấp thẻ"). `text` is its own words, without those of units below
    it and without its number; of a row: "Mức thu: 50.000 đồng; Loại: cấp đổi" with the table's headers. `page` is where
    it begins, `last_page` where it ends. A unit that stands in the quotation marks of an amending article has in `amends` the
    unit of the other document that it replaces ("Điều 5, khoản 2"), with the number of that document if it is named.
    """

    kind: UnitKind
    path: tuple[str, ...]
    text: str
    page: int
    last_page: int
    heading: str = ""
    under: tuple[str, ...] = ()
    amends: str = ""

    @property
    def id(self) -> str:
        """The path as an ASCII slug: "dieu-10/khoan-2/diem-a"; "đ" of điểm đ is "dd"."""
        return unit_id(self.path)


class RelationKind(StrEnum):
    """What a document does to an earlier one."""

    REPLACES = "thay thế"
    AMENDS = "sửa đổi, bổ sung"
    REPEALS = "bãi bỏ"
    GUIDES = "hướng dẫn"  # quy định chi tiết, căn cứ: nothing ends by it


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation to the document `number`; `units` are the units of it that are meant ("Điều 5", "Điều 7, khoản 2"), () for all."""

    kind: RelationKind
    number: str
    units: tuple[str, ...] = ()
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What a document says of itself, as rules read it; a person confirms it. "" and None: not found.

    `type` is "Nghị định", "Thông tư", "Luật" …; `number` "58/2026/NĐ-CP"; `issuer` "Chính phủ"; `title` what it is about;
    `territory` a province where only that one is meant, else "toàn quốc". The last three are never read but said by a person:
    which of `rag.guides.TOPICS` it belongs to, its address, and whether an authority published it there (None: not said).
    """

    type: str = ""
    number: str = ""
    title: str = ""
    issuer: str = ""
    issued: date | None = None
    in_force: date | None = None
    expires: date | None = None
    territory: str = "toàn quốc"
    relations: tuple[Relation, ...] = ()
    topic: str = ""
    url: str = ""
    official: bool | None = None
