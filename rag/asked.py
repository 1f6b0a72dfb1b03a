"""Questions written for single passages (`corpus/questions/<topic>.jsonl`): how people ask for what a guide states; and
for rules that have changed (`corpus/premises.jsonl`): how people ask who still believe the old one.

The first widen what the search finds (a passage is also found by the words of who needs it) and train the embedding and the
kinds of questions. None of them is in a test set (a test compares them). Reads files only.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from rag.errors import CorpusError
from rag.guides import Guide, Line, Passage, Section
from rag.jsonl import validated
from rag.questions import QuestionKind
from rag.text import clean


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what kind it is, and the passage ("guide#section") that answers it."""

    passage: str
    kind: QuestionKind
    question: str


@dataclass(frozen=True, slots=True)
class Believed:
    """A question about a guide whose writer `assumes` the old rule of these items, or does not."""

    guide: str
    items: tuple[str, ...]
    assumes: bool
    question: str

    def is_about(self, line: Line) -> bool:
        """Tell whether the line states one of the items."""
        return any(item.id in self.items for item in line.items)


_ASKED, _BELIEVED = TypeAdapter(Asked), TypeAdapter(Believed)


def load_asked(corpus: Path, passages: Container[str]) -> tuple[Asked, ...]:
    """Read every question. Raises CorpusError, whose message has one `path:line: …` row a problem."""
    asked: list[Asked] = []
    problems: list[str] = []
    for path in sorted((corpus / "questions").glob("*.jsonl")):
        for number, row in validated(path, _ASKED, problems):
            if row.passage not in passages:
                problems.append(f"{path}:{number}: no passage {row.passage!r} in the guides")
            asked.append(Asked(row.passage, row.kind, clean(row.question)))
    if problems:
        raise CorpusError("\n".join(problems))
    return tuple(asked)


def load_believed(corpus: Path, guides: Mapping[str, Guide]) -> tuple[Believed, ...]:
    """Read `corpus/premises.jsonl`; none where there is no file. Raises CorpusError with one `path:line: …` row a problem."""
    path = corpus / "premises.jsonl"
    believed: list[Believed] = []
    problems: list[str] = []
    for number, row in validated(path, _BELIEVED, problems) if path.exists() else ():
        if row.guide not in guides:
            problems.append(f"{path}:{number}: no guide {row.guide!r}")
        elif not any(row.is_about(line) for _, line in changed(guides[row.guide])):
            problems.append(f"{path}:{number}: no changed rule of {row.guide} has {', '.join(row.items)}")
        believed.append(replace(row, question=clean(row.question)))
    if problems:
        raise CorpusError("\n".join(problems))
    return tuple(believed)


def changed(guide: Guide) -> list[tuple[Passage, Line]]:
    """Return the lines that say what has changed."""
    return [(p, line) for p in guide.passages if p.section is Section.CHANGED for line in p.lines]
