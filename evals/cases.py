"""Cases: what an evaluation asks, and what a right answer says. One JSON object a line; `cases/README.md` has the fields.

A set is read whole or not at all: `load_cases` reports every fault as `file:line: …` and then raises. With the
corpus at hand it also proves the gold: a nugget must stand in the passages that the case names, a forbidden
statement must not. Reads files only.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evals.meaning import compiled, facts, states
from rag.answers import AnswerStatus, Turn, status_group
from rag.errors import CaseError
from rag.guides import TOPICS, Guide
from rag.jsonl import numbered_lines, write_rows
from rag.settings import PROJECT

CASES = PROJECT / "evals" / "cases"
OUTSIDE = "ngoai-pham-vi"  # the topic of what is outside every topic
GROUPS = tuple(dict.fromkeys(status.group for status in AnswerStatus))


class Style(StrEnum):
    """How the question is written."""

    STANDARD = "standard"
    NO_DIACRITICS = "no_diacritics"
    TYPO = "typo"
    TELEX = "telex"
    DIALECT = "dialect"
    SPOKEN = "spoken"
    ELDERLY = "elderly"
    TEENCODE = "teencode"


class Kind(StrEnum):
    """What makes the question easy or dangerous."""

    ANSWERABLE = "answerable"
    MULTI = "multi"
    FALSE_PREMISE = "false_premise"
    OUT_OF_SCOPE = "out_of_scope"
    NO_SOURCE = "no_source"
    SCAM = "scam"
    PII = "pii"
    INJECTION = "injection"
    AMBIGUOUS = "ambiguous"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CaseTurn(_Strict):
    """One earlier exchange of the conversation."""

    question: str = Field(min_length=1)
    answer: str = ""
    guide_id: str | None = None


class Statement(_Strict):
    """Something an answer may say: `text` for people; `pattern` (a regular expression) and `fact` (a number, date,
    fee or phone, compared by value) for the check. Both given: one line must have both.
    """

    text: str = Field(min_length=3)
    pattern: str | None = None
    fact: str | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            return value if value is None or compiled(value) else None
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error

    @field_validator("fact")
    @classmethod
    def _is_fact(cls, value: str | None) -> str | None:
        if value is not None and not facts(value):
            raise ValueError(f"{value!r} has no number, date, fee, phone or link to compare")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> "Statement":
        if self.pattern is None and self.fact is None:
            raise ValueError("give pattern or fact")
        return self

    def in_text(self, text: str) -> bool:
        """Tell whether `text` makes the statement."""
        return states(text, self.pattern, self.fact)


class Nugget(Statement):
    """A statement that a right answer makes: vital (wrong without it) or okay (better with it)."""

    importance: Literal["vital", "okay"] = "vital"


class Case(_Strict):
    """One question and what a right answer to it is."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*(?:~[a-z0-9-]+)?$", max_length=100)
    question: str = Field(max_length=2000)
    history: tuple[CaseTurn, ...] = ()
    style: Style = Style.STANDARD
    topic: str
    kind: Kind
    expected: tuple[str, ...] = Field(min_length=1)
    guides: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    must_say: tuple[Nugget, ...] = ()
    must_not_say: tuple[Statement, ...] = ()
    notes: str = ""
    author: str = Field(min_length=1)
    created: date
    reviewed_by: str | None = None
    pins: dict[str, str] = {}
    base: str | None = None
    variant: str | None = None

    @field_validator("topic")
    @classmethod
    def _known_topic(cls, value: str) -> str:
        if value not in (*TOPICS, OUTSIDE):
            raise ValueError(f"{value!r} is none of {', '.join((*TOPICS, OUTSIDE))}")
        return value

    @field_validator("expected")
    @classmethod
    def _known_status(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [v for v in value if v not in GROUPS and v not in set(AnswerStatus)]:
            raise ValueError(f"{', '.join(unknown)}: neither a status nor one of the groups {', '.join(GROUPS)}")
        return value

    @model_validator(mode="after")
    def _answerable_has_gold(self) -> "Case":
        if self.kind in ANSWERED_KINDS and not self.guides:
            raise ValueError(f"a case of kind {self.kind} needs guides")
        return self

    @property
    def cluster(self) -> str:
        """Cases about one procedure are not independent: the first guide, else the case itself."""
        return self.guides[0] if self.guides else self.base or self.id

    @property
    def base_id(self) -> str:
        """The case that this is a writing variant of, else itself."""
        return self.base or self.id

    def turns(self) -> tuple[Turn, ...]:
        """Return the history as the assistant takes it."""
        return tuple(Turn(t.question, t.answer, t.guide_id) for t in self.history)

    def expects(self, status: str) -> bool:
        """Tell whether a status (or its group) is one that the case accepts."""
        return status in self.expected or status_group(status) in self.expected


ANSWERED_KINDS = frozenset({Kind.ANSWERABLE, Kind.MULTI, Kind.FALSE_PREMISE})
UNANSWERABLE_KINDS = frozenset({Kind.OUT_OF_SCOPE, Kind.NO_SOURCE})


def load_cases(path: Path, guides: Mapping[str, Guide] | None = None) -> list[Case]:
    """Read a set. Raises CaseError with one `path:line: …` row for every fault; `guides` adds the proof of the gold."""
    cases: list[Case] = []
    problems: list[str] = []
    first: dict[str, int] = {}
    for number, line in numbered_lines(path):
        try:
            case = Case.model_validate_json(line)
        except ValidationError as error:
            problems += [f"{path}:{number}: {readable(row)}" for row in error.errors()]
            continue
        if case.id in first:
            problems.append(f"{path}:{number}: id {case.id!r} stands in line {first[case.id]} too")
        first.setdefault(case.id, number)
        if guides is not None:
            problems += [f"{path}:{number}: {fault}" for fault in gold_faults(case, guides)]
        cases.append(case)
    if not cases and not problems:
        problems.append(f"{path}:1: no case in it")
    if problems:
        raise CaseError("\n".join(problems))
    return cases


def save_cases(path: Path, cases: Iterable[Case]) -> None:
    """Write one case a line; fields at their default are left out."""
    write_rows(path, map(case_json, cases))


def case_json(case: Case) -> dict[str, object]:
    """Return a case as its line in a set has it; fields at their default are left out."""
    return case.model_dump(mode="json", exclude_defaults=True)


def gold_faults(case: Case, guides: Mapping[str, Guide]) -> list[str]:
    """Return what the guides contradict in a case: unknown ids, a nugget not in its passages, a forbidden one in them."""
    passages = {p.id: p for guide in guides.values() for p in guide.passages}
    faults = [f"guide {g!r} does not exist" for g in (*case.guides, *case.also, *case.pins) if g not in guides]
    faults += [f"passage {p!r} does not exist" for p in case.passages if p not in passages]
    faults += [
        f"passage {p!r} is of none of the case's guides"
        for p in case.passages
        if p in passages and passages[p].guide_id not in (*case.guides, *case.also)
    ]
    if faults or not case.guides:
        return faults
    gold = "\n".join(_gold_texts(case, guides))
    faults += [f"nugget {n.text!r} is not in the case's passages" for n in case.must_say if not n.in_text(gold)]
    faults += [f"{s.text!r} is forbidden, but the case's passages say it" for s in case.must_not_say if s.in_text(gold)]
    return faults


def _gold_texts(case: Case, guides: Mapping[str, Guide]) -> list[str]:
    """Return the lines of the case's passages, or of its whole guides when it names none."""
    return [
        line.text
        for guide_id in (*case.guides, *case.also)
        for passage in guides[guide_id].passages
        if not case.passages or passage.id in case.passages
        for line in passage.lines
        if line.valid_on(case.created)
    ]


def split_of(case: Case) -> Literal["dev", "test"]:
    """Return the half that a case belongs to, by the hash of its cluster: a procedure is never in both halves."""
    return "dev" if sha256(case.cluster.encode()).digest()[0] % 2 == 0 else "test"


def pinned(case: Case, guides: Mapping[str, Guide]) -> Case:
    """Return the case pinned to the present text of its guides."""
    return case.model_copy(update={"pins": {g: guides[g].digest[:12] for g in case.guides if g in guides}})


def stale(cases: Sequence[Case], guides: Mapping[str, Guide]) -> list[tuple[Case, list[str]]]:
    """Return the cases written from a guide that has changed or gone since, each with those guides."""
    rows = [(c, [g for g, d in c.pins.items() if g not in guides or guides[g].digest[:12] != d]) for c in cases]
    return [(case, changed) for case, changed in rows if changed]


def set_digest(cases: Sequence[Case]) -> str:
    """Return a sha256 of all that a set asks and expects."""
    rows = sorted(json.dumps(case_json(case), ensure_ascii=False, sort_keys=True) for case in cases)
    return sha256("\n".join(rows).encode()).hexdigest()


def readable(row: Mapping[str, Any]) -> str:
    """Return a validation error of pydantic's as one short line."""
    where = ".".join(map(str, row["loc"])) or "line"
    return f"{where}: {row['msg'].removeprefix('Value error, ')}"
