"""A text that a person wrote, held against the passages that it cites, line by line. Nothing here does I/O.

What people write passes the same lock as what the program composes or a model writes (`rag.factlock.lock`); here it also says
what to mend.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rag.answers import Citation
from rag.factlock import MARK, lock
from rag.guides import Passage
from rag.privacy import mask


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A line, the numbers it cites, those of them that are no citation, and the facts that its citations lack ("" is none)."""

    text: str
    marks: tuple[int, ...]
    unknown: tuple[int, ...]
    lacks: str


@dataclass(frozen=True, slots=True)
class CheckedText:
    """The lines, and the numbers of the citations that no line uses."""

    lines: tuple[CheckedLine, ...]
    unused: tuple[int, ...]

    @property
    def accepted(self) -> bool:
        """Whether the text may be kept."""
        return not self.unused and not any(line.unknown or line.lacks for line in self.lines)


def cite(number: int, passage: Passage, rows: Iterable[int]) -> Citation:
    """Return the citation of some lines of a passage, by their places in it from 0."""
    lines = [passage.lines[row] for row in rows]
    sources = tuple(dict.fromkeys(source for line in lines for source in line.sources))
    title = f"{passage.guide_title} – {passage.heading}"
    return Citation(number, passage.guide_id, passage.id, title, "\n".join(line.text for line in lines), sources)


def check(text: str, citations: Iterable[Citation]) -> CheckedText:
    """Tell for each line whether the fact lock keeps it, and which citations are of no use."""
    citations = tuple(citations)
    numbers = [citation.number for citation in citations]
    lines = tuple(_checked(line, citations) for line in text.split("\n") if line.strip())
    used = {number for line in lines for number in line.marks}
    return CheckedText(lines, tuple(number for number in numbers if number not in used))


def masked(text: str, quotes: Iterable[str]) -> str:
    """Return the text without personal data; a line that one of the quotes has word for word is public as it is."""
    public = {line for quote in quotes for line in quote.split("\n")}
    return "\n".join(line if MARK.sub("", line).strip("-* ") in public else mask(line) for line in text.split("\n"))


def _checked(line: str, citations: tuple[Citation, ...]) -> CheckedLine:
    marks = tuple(dict.fromkeys(map(int, MARK.findall(line))))
    unknown = tuple(number for number in marks if number not in {citation.number for citation in citations})
    return CheckedLine(line.strip(), marks, unknown, ", ".join(lacks for _, lacks in lock(line, citations).dropped))
