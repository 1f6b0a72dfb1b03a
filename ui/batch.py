"""`binhdan ask --batch`: many questions from JSONL to JSONL; a run that was cut goes on where it stopped."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from rag.answers import Turn, answer_json
from rag.assistant import Assistant
from rag.errors import CaseError
from rag.jsonl import numbered_lines, whole_lines


class _Turn(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    question: str
    answer: str = ""
    guide_id: str | None = None


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str
    question: str
    history: list[_Turn] = []


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """One line of a batch."""

    id: str
    question: str
    history: tuple[Turn, ...] = ()


def read_history(path: Path) -> tuple[Turn, ...]:
    """Read a JSON list of {question, answer, guide_id}. Raises CaseError."""
    try:
        return _turns([_Turn.model_validate(row) for row in json.loads(path.read_text(encoding="utf-8"))])
    except (OSError, ValueError, TypeError) as error:
        raise CaseError(f"{path}:1: expected a JSON list of objects with question and answer ({error})") from error


def read_batch(path: Path) -> Iterator[BatchQuestion]:
    """Yield the questions of a JSONL file. Raises CaseError with `path:line:`."""
    seen: set[str] = set()
    for number, line in numbered_lines(path):
        try:
            row = _Row.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "line"
            raise CaseError(f"{path}:{number}: {where}: {first['msg']}; expected id and question") from error
        if row.id in seen:
            raise CaseError(f"{path}:{number}: id {row.id!r} stands twice")
        seen.add(row.id)
        yield BatchQuestion(row.id, row.question, _turns(row.history))


def run_batch(assistant: Assistant, questions: list[BatchQuestion], out: Path, done: Callable[[], None]) -> int:
    """Append an answer a line to `out`, skipping ids already there; call `done` after each; return how many are new."""
    answered = {json.loads(line)["id"] for line in whole_lines(out)}
    new = 0
    with out.open("a", encoding="utf-8", newline="\n") as handle:
        for row in questions:
            if row.id not in answered:
                answer = assistant.ask(row.question, row.history, answer_id=row.id)
                handle.write(json.dumps(answer_json(answer), ensure_ascii=False) + "\n")
                handle.flush()
                new += 1
            done()
    return new


def _turns(rows: list[_Turn]) -> tuple[Turn, ...]:
    return tuple(Turn(row.question, row.answer, row.guide_id) for row in rows)
