"""Questions written for single passages (`corpus/questions/<topic>.jsonl`): how people ask for what a guide states.

They widen what the search finds (a passage is also found by the words of who needs it) and train the embedding and the
kinds of questions. None of them is in a test set (a test compares them). Reads files only.
"""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from rag.errors import CorpusError
from rag.jsonl import numbered_lines
from rag.questions import QuestionKind
from rag.text import clean


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what kind it is, and the passage ("guide#section") that answers it."""

    passage: str
    kind: QuestionKind
    question: str


_ASKED = TypeAdapter(Asked)


def load_asked(corpus: Path, passages: Container[str]) -> tuple[Asked, ...]:
    """Read every question. Raises CorpusError, whose message has one `path:line: …` row a problem."""
    asked: list[Asked] = []
    problems: list[str] = []
    for path in sorted((corpus / "questions").glob("*.jsonl")):
        for number, line in numbered_lines(path):
            try:
                row = _ASKED.validate_json(line)
            except ValidationError as error:
                problems.append(f"{path}:{number}: {error.errors()[0]['msg']}")
                continue
            if row.passage not in passages:
                problems.append(f"{path}:{number}: no passage {row.passage!r} in the guides")
            asked.append(Asked(row.passage, row.kind, clean(row.question)))
    if problems:
        raise CorpusError("\n".join(problems))
    return tuple(asked)
