"""A learner's progress as browser and server exchange it, and the phrase of three words under which it is kept.

A state says which cards were seen, which lessons are finished and which questions come back when; nothing in it can name anybody.
When a question comes back is decided in the browser alone, so that it works offline (`ui/static/progress.js`): after a wrong
answer in box 1, then box by box after 1, 3, 7 and 21 days. Reads one file, and stores nothing.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rag.errors import CorpusError
from rag.text import clean, fold

WORDS = 3  # of 640: 262 million phrases
MAX_LESSONS, MAX_ITEMS, MAX_BYTES = 100, 400, 32 * 1024
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LESSON = r"[a-z0-9]+(?:-[a-z0-9]+)*"


def _day(value: object) -> date:
    """Read "2026-11-28" and no other way of writing a day."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("expected a day such as 2026-11-28")
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_day)]
LessonId = Annotated[str, Field(pattern=rf"^{_LESSON}$", max_length=60)]
ItemId = Annotated[str, Field(pattern=rf"^{_LESSON}#[1-9][0-9]?$", max_length=63)]
Count = Annotated[int, Field(strict=True, ge=0, le=9999)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LessonState(_Part):
    """The last card that was seen, from 1 (0: none), and the day on which the lesson was finished."""

    card: Annotated[int, Field(strict=True, ge=0, le=99)]
    done: Day | None


class ItemState(_Part):
    """A question that was once answered wrongly: its box, the day it comes back, and how often it was answered how."""

    box: Annotated[int, Field(strict=True, ge=1, le=4)]
    due: Day
    right: Count
    wrong: Count


class State(_Part):
    """Everything that is known of one learner: lessons by id, questions by "lesson#number"."""

    lessons: Annotated[dict[LessonId, LessonState], Field(max_length=MAX_LESSONS)]
    items: Annotated[dict[ItemId, ItemState], Field(max_length=MAX_ITEMS)]

    @model_validator(mode="after")
    def _small(self) -> "State":
        if len(self.model_dump_json()) > MAX_BYTES:
            raise ValueError(f"a state has at most {MAX_BYTES} bytes")
        return self

    @property
    def empty(self) -> bool:
        """Whether nothing was learnt yet."""
        return not self.lessons and not self.items

    @property
    def version(self) -> str:
        """What tells this state from every other, 64 hexadecimal digits."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    def row(self) -> dict[str, Any]:
        """Return the state as JSON holds it."""
        return self.model_dump(mode="json")


def load_phrase_words(corpus: Path) -> tuple[str, ...]:
    """Read `corpus/lexicon/phrase_words.txt`. Raises CorpusError."""
    path = corpus / "lexicon" / "phrase_words.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CorpusError(f"{path}:1: {error}") from error
    return tuple(line for line in lines if line and not line.startswith("#"))


def new_phrase(words: Sequence[str]) -> str:
    """Return a fresh phrase as it is shown: "hoa sen, con thuyền, bánh chưng"."""
    return ", ".join(secrets.choice(words) for _ in range(WORDS))


def read_phrase(typed: str, words: Sequence[str]) -> str | None:
    """Return the phrase that somebody typed, as `new_phrase` writes it, or None where it cannot be one.

    Only the letters count: "1. HOA-SEN con thuyen banhchung" → "hoa sen, con thuyền, bánh chưng". No word begins another, so
    that letters are read in one way only.
    """
    by_letters = {_letters(word): word for word in words}
    rest, found = _letters(typed), []
    for _ in range(WORDS):
        begun = next((letters for letters in by_letters if rest.startswith(letters)), None)
        if begun is None:
            return None
        found.append(by_letters[begun])
        rest = rest[len(begun) :]
    return None if rest else ", ".join(found)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", fold(clean(text)))
