"""The texts that the files of the proof are made of, and what a reader must make of them. Reads the package's files only.

All is invented: documents of the year 2099 with numbers that cannot exist. A text is lines; what stands first says what a
line is: `=` a title, `#` a chapter ("Chương I | NAME"), `##` a heading, `Đ` an article, `K` a clause, `M` a point, `B` a step
("Đ 1 | Phạm vi"), `Q` the first line of a quoted unit of another document and `q` the next, `<` and `>` lines of the left and
right half of a letterhead or signature, `|` a row of a table (`|!` of its header; a cell `<` or `^` goes on with the one to
the left or above); any other line is a paragraph.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.resources import files
from itertools import islice, product
from typing import Any

import yaml

LEFT, ABOVE = "<", "^"
_CALL = "\x02"  # of a footnote
Path = tuple[str, ...]
Rows = tuple[tuple[str, ...], ...]


class Role(StrEnum):
    """What a part of a text is."""

    PAIR = "pair"  # two halves side by side: letterhead, signature
    TITLE = "title"
    CHAPTER = "chapter"
    HEADING = "heading"
    ARTICLE = "article"
    CLAUSE = "clause"
    POINT = "point"
    STEP = "step"
    QUOTE = "quote"
    PARAGRAPH = "paragraph"
    TABLE = "table"


_LETTERS = {"Đ": Role.ARTICLE, "K": Role.CLAUSE, "M": Role.POINT, "B": Role.STEP}
_NAMES = {Role.ARTICLE: "Điều", Role.CLAUSE: "khoản", Role.POINT: "điểm", Role.STEP: "bước"}
_LABEL = re.compile(r"^(Điều \d+\.|\d+\.|[a-zđ]\)) ")
_PRINTED = {Role.ARTICLE: "Điều {}. ", Role.CLAUSE: "{}. ", Role.POINT: "{}) ", Role.STEP: "Bước {}: "}


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it is printed: `label` is its number with the words around it, `words` the rest.

    `path` is of an article, clause, point or step; `amends` the unit that a quote replaces. Of a pair: its two halves.
    """

    role: Role
    words: str = ""
    label: str = ""
    path: Path = ()
    amends: Path = ()
    rows: Rows = ()
    header: int = 0
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()

    @property
    def printed(self) -> str:
        """The text with its number; the name of a chapter stands below it."""
        return self.label + "\n" * (self.role is Role.CHAPTER) + self.words


@dataclass(frozen=True, slots=True)
class Text:
    """A text with what is known of it: type, number, title, issuer, issued, in_force, territory, relations."""

    name: str
    known: Mapping[str, Any]
    parts: tuple[Part, ...]
    structured: bool = True
    absent: tuple[str, ...] = field(default=())  # what a file hides and a reader must not show

    def cut(self, articles: int) -> "Text":
        """Return its beginning, without what would be known only from the rest."""
        parts, seen = [], 0
        for part in self.parts:
            seen += part.role is Role.ARTICLE
            if seen > articles:
                break
            parts.append(part)
        known = {key: value for key, value in self.known.items() if key not in {"in_force", "relations"}}
        return replace(self, parts=tuple(parts), known=known)

    def plain(self, notes: Sequence[str] = ()) -> list[str]:
        """Return the text in every order in which it may rightly be read: halves one by one or line by line, and
        footnotes (`notes`, called in the parts by U+0002) below the paragraph that calls them or at the end.
        """
        ways = [list(dict.fromkeys(_orders(part))) for part in self.parts]
        texts = ["\n".join(way) for way in product(*ways)]
        if not notes:
            return texts
        bare = [text.replace(_CALL, "") for text in texts]
        return [_with_notes(text, notes) for text in texts] + ["\n".join((text, *notes)) for text in bare]

    def structure(self) -> list[tuple[Path, str]] | None:
        """Return the articles, clauses, points and steps with their own words, "sửa" before what a quote replaces; None where rules do not say what counts."""
        if not self.structured:
            return None
        units: list[tuple[Path, str]] = []
        for part in self.parts:
            if part.role in _NAMES:
                units.append((part.path, part.words))
            elif part.role is Role.QUOTE and part.amends:
                units.append((("sửa", *part.amends), _LABEL.sub("", part.words.strip("“”"))))
            elif part.role in {Role.QUOTE, Role.PARAGRAPH} and units and units[-1][0]:
                path, words = units.pop()
                units.append((path, f"{words} {part.words.strip('“”')}".strip()))
            elif part.role not in {Role.TABLE, Role.TITLE, Role.CHAPTER}:
                units.append(((), ""))
        return [(path, words.replace(_CALL, "")) for path, words in units if path]

    def tables(self) -> list[Rows]:
        """Return the rows of every table."""
        return [part.rows for part in self.parts if part.role is Role.TABLE]

    def articles(self) -> list[str]:
        """Return the names of its articles: "Điều 1"."""
        return [part.path[0] for part in self.parts if part.role is Role.ARTICLE]


def _with_notes(text: str, notes: Sequence[str]) -> str:
    waiting, lines = iter(notes), []
    for line in text.split("\n"):
        lines += [line.replace(_CALL, ""), *islice(waiting, line.count(_CALL))]
    return "\n".join(lines)


def _orders(part: Part) -> Iterator[str]:
    if part.role is Role.TABLE:
        yield table_words(filled(part.rows))
    elif part.role is Role.PAIR:
        yield "\n".join((*part.left, *part.right))
        longest = max(len(part.left), len(part.right))
        halves = [(*half, *[""] * (longest - len(half))) for half in (part.left, part.right)]
        yield "\n".join(f"{left} {right}" for left, right in zip(*halves, strict=True))
    else:
        yield part.printed


def filled(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return rows with what a merged cell says in all its places."""
    full: list[list[str]] = []
    for row in rows:
        full.append([])
        for n, cell in enumerate(row):
            full[-1].append(full[-1][n - 1] if cell == LEFT else full[-2][n] if cell == ABOVE else cell)
    return full


def table_words(rows: Sequence[Sequence[str]]) -> str:
    """Return a table as running text, what merged cells repeat to the right or below only once."""
    lines = []
    for at, row in enumerate(rows):
        kept = [
            cell
            for n, cell in enumerate(row)
            if cell
            and not (n and cell == row[n - 1])
            and not (at and n < len(rows[at - 1]) and cell == rows[at - 1][n])
        ]
        lines.append(" ".join(kept))
    return "\n".join(lines)


def load_texts() -> dict[str, Text]:
    """Return all texts by name."""
    folder = files("evals.documents") / "texts"
    names = sorted(entry.name.removesuffix(".txt") for entry in folder.iterdir() if entry.name.endswith(".txt"))
    return {name: parse(name, (folder / f"{name}.txt").read_text(encoding="utf-8")) for name in names}


def parse(name: str, source: str) -> Text:
    """Return a text from its lines, as the module's docstring describes them."""
    _, front, body = source.split("---\n", 2)
    known = yaml.load(front, yaml.BaseLoader)  # dates stay as they are written, also in expected.jsonl
    structured = known.pop("structure", "true") == "true"
    return Text(name, known, tuple(_parts(body.splitlines())), structured)


def _parts(lines: Sequence[str]) -> Iterator[Part]:
    path: Path = ()
    quoted = [n for n, line in enumerate(lines) if line[:2] in {"Q ", "q "}]
    at = 0
    while at < len(lines):
        mark, _, rest = lines[at].partition(" ")
        number, _, words = rest.partition(" | ")
        if mark in {"<", ">"}:
            block = _run(lines, at, ("< ", "> "))
            left, right = ([row[2:] for row in block if row[0] == side] for side in "<>")
            yield Part(Role.PAIR, left=tuple(left), right=tuple(right))
            at, path = at + len(block), ()
            continue
        if mark in {"|", "|!"}:
            block = _run(lines, at, ("| ", "|! "))
            rows = tuple(tuple(c.strip() for c in row.partition(" ")[2].removesuffix("|").split("|")) for row in block)
            yield Part(Role.TABLE, rows=rows, header=sum(row.startswith("|!") for row in block))
            at += len(block)
            continue
        if mark in _LETTERS:
            role = _LETTERS[mark]
            path = _below(path, f"{_NAMES[role]} {number}", role)
            yield Part(role, words, _PRINTED[role].format(number), path)
        elif mark == "#":
            yield Part(Role.CHAPTER, words, number)
        elif mark in {"Q", "q"}:
            amends, said = (_unit(number), words) if mark == "Q" else ((), rest)
            opened, closed = "“" * (mark == "Q"), "”" * (at + 1 not in quoted or lines[at + 1][0] == "Q")
            yield Part(Role.QUOTE, f"{opened}{said}{closed}", amends=amends)
        elif mark in {"=", "##"}:
            yield Part(Role.TITLE if mark == "=" else Role.HEADING, rest)
        else:
            yield Part(Role.PARAGRAPH, lines[at])
        at += 1


def _run(lines: Sequence[str], at: int, marks: tuple[str, ...]) -> list[str]:
    end = at
    while end < len(lines) and lines[end].startswith(marks):
        end += 1
    return list(lines[at:end])


def _below(path: Path, name: str, role: Role) -> Path:
    depth = {Role.ARTICLE: 0, Role.CLAUSE: 1, Role.POINT: 2, Role.STEP: 0}[role]
    return (*path[:depth], name)


def _unit(name: str) -> Path:
    return tuple(name.split(", "))
