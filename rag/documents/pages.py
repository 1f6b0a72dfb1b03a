"""What every reader makes of a file: pages as they are printed, and blocks in the order in which people read. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in shares of the page's width and height, each in [0, 1]; the origin is the top left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line as it stands on the page. `text` is mended Vietnamese in NFC.

    `size` is in points (0: unknown), `font` the name in the file ("" unknown), `sure` the recognition's confidence in
    [0, 1], 1 for text that was not recognised but stands in the file.
    """

    text: str
    box: Box | None = None
    size: float = 0.0
    font: str = ""
    bold: bool = False
    sure: float = 1.0


# From this score on the text of a page may be cited; below it a person must look first (`evals.bench_mending` shows what that lets
# through and what it stops).
TRUSTED_SCORE = 0.8


class Fault(StrEnum):
    """What was wrong with the letters of a page; the first group is mended without loss, the second is never certain."""

    NFD = "nfd"  # letters and marks as separate characters
    LEGACY_TCVN3 = "legacy-tcvn3"  # .VnTime and its like, also called ABC
    LEGACY_VNI = "legacy-vni"  # VNI-Times and its like
    SPLIT_LETTERS = "split-letters"  # "ĐIỀ U KHO ẢN"
    HYPHENATED = "hyphenated"
    HIDDEN_TEXT = "hidden-text"  # dropped: nobody can see it

    RECOGNISED = "recognised"  # read from a picture
    WRONG_MARKS = "wrong-marks"  # syllables that Vietnamese does not have
    GUESSED_DIGITS = "guessed-digits"  # letters stood for digits: "1O.000"
    UNREADABLE = "unreadable"  # little of the page is Vietnamese
    STAMPED = "stamped"  # a stamp or signature lies on the text


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `number` counts from 1; `score` in [0, 1] says how far its text can be trusted (1: as printed).

    A file without pages of its own (HTML, Markdown, a sheet of a workbook) has one page and no sizes (0).
    """

    number: int
    lines: tuple[PrintedLine, ...]
    width_pt: float = 0.0
    height_pt: float = 0.0
    score: float = 1.0
    faults: tuple[Fault, ...] = ()


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph or table, whole, also where it runs over lines, columns or pages.

    `page` is where it begins. `level` of a heading counts from 1, 0 where the file does not say. `rows` of a table all have
    as many cells, the header first (`header` rows of it, 0 when it has none); its `text` is its rows, cells parted by " | ".
    """

    kind: BlockKind
    text: str
    page: int = 1
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    header: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A file, read. `declared` is what the file says of itself: title, author, created, language."""

    format: str
    pages: tuple[Page, ...]
    blocks: tuple[Block, ...]
    declared: Mapping[str, str] = field(default_factory=dict)
