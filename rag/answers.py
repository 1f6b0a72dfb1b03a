"""The values that go in and out of the assistant. Nothing here computes or does I/O."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import TypeAdapter

from rag.guides import Passage
from rag.sheets import Source


def status_group(status: str) -> str:
    """Return the part of a status before the first underscore: answered, partial, clarify, declined, safety or error."""
    return status.partition("_")[0]


class AnswerStatus(StrEnum):
    """What kind of answer it is; the part before the first underscore is its group."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    CLARIFY_GREETING = "clarify_greeting"
    CLARIFY_VAGUE = "clarify_vague"
    CLARIFY_EMPTY = "clarify_empty"
    CLARIFY_TOO_LONG = "clarify_too_long"
    CLARIFY_UNREADABLE = "clarify_unreadable"
    DECLINED_NO_SOURCE = "declined_no_source"
    DECLINED_OUT_OF_SCOPE = "declined_out_of_scope"
    DECLINED_OWN_RECORD = "declined_own_record"
    DECLINED_POLITICS = "declined_politics"
    DECLINED_MEDICAL = "declined_medical"
    DECLINED_LEGAL = "declined_legal"
    DECLINED_PERSON = "declined_person"
    SAFETY_EMERGENCY = "safety_emergency"
    SAFETY_DISTRESS = "safety_distress"
    SAFETY_SCAM = "safety_scam"
    ERROR_INTERNAL = "error_internal"

    @property
    def group(self) -> str:
        """answered, partial, clarify, declined, safety or error."""
        return status_group(self.value)


Level = Literal["verified", "documented", "none"]
Mode = Literal["curated", "composed", "written"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of the conversation, masked; `answer_id` is the stored answer's, "" where none is."""

    question: str
    answer: str
    guide_id: str | None = None
    answer_id: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that retrieval found; `score` is the fused score, higher is better, comparable within one query."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """What backs the sentences marked [number]: `quote` stands word for word in the passage."""

    number: int
    guide_id: str
    passage_id: str
    title: str
    quote: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Seconds:
    """Where the time went."""

    retrieve: float = 0.0
    answer: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; its JSON (field names, order) is the contract in `rag/answer.schema.json`.

    `text` is Markdown with [n] marks, at most 900 characters; `more` is the rest, shown on demand. Not part of the JSON:
    `searched_as`, the question as it was read where that differs from what was typed; `dropped`, the lines that the
    fact lock took out, each with what it lacked; and of an approved answer its id and who approved it when.
    """

    id: str
    question: str
    status: AnswerStatus
    text: str
    more: str | None = None
    level: Level = "none"
    as_of: date | None = None
    citations: tuple[Citation, ...] = ()
    guide_ids: tuple[str, ...] = ()
    sheet_ids: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    confidence: float = 0.0
    mode: Mode = "composed"
    model: str | None = None
    seconds: Seconds = field(default_factory=Seconds)
    searched_as: str | None = None
    dropped: tuple[tuple[str, str], ...] = ()
    curated_id: str | None = None
    checked_by: str | None = None


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return the answer as the JSON contract has it (`rag/answer.schema.json`)."""
    row = asdict(answer)
    for inside in ("searched_as", "dropped", "curated_id", "checked_by"):
        del row[inside]
    for source in (source for citation in row["citations"] for source in citation["sources"]):
        if source["page"] is None:
            del source["page"]
    row["status"] = answer.status.value
    row["as_of"] = answer.as_of.isoformat() if answer.as_of else None
    return json.loads(json.dumps(row))


def read_answer(row: Mapping[str, Any]) -> Answer:
    """Return the answer whose JSON `answer_json` made. Raises ValueError."""
    return _ANSWER.validate_python(dict(row))


_ANSWER = TypeAdapter(Answer)
