"""Lessons: a few cards, a task for the learner's own phone and a quiz, read from `corpus/lessons/<id>.yaml`.

A lesson names the guides' lines that it rests on, by guide and exact words. What it says states no fact that its lines lack; the
right choice of a quiz stands word for word in its line, and every wrong one has a fact or a word that the line lacks. What rests
on a line that the guides no longer have is left out and flagged, what is not true on a day too (`Lesson.on`). Reads files only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.atoms import missing
from rag.errors import CorpusError
from rag.guides import Guide, Line, Passage
from rag.text import clean, sentences, syllables

FOLDER = "lessons"
PATHS = {
    "nguoi-cao-tuoi": "Người cao tuổi", "nguoi-lao-dong": "Người lao động", "hoc-sinh": "Học sinh", "can-bo": "Cán bộ",
}  # fmt: skip
# What lessons lead to, ten orders each: those from 10 to 19 are of the second.
STAGES = (
    "VNeID từ đầu đến mức 2", "Thủ tục đầu tiên qua mạng", "Trả tiền không dùng tiền mặt", "Bảo hiểm y tế và đi khám",
    "Không để bị lừa", "Hỏi AI và kiểm tra lại",
)  # fmt: skip
# Practice screens of our own, drawn plainly.
SCREENS = ("chon-ung-dung", "nhap-otp", "cuoc-goi-la", "to-khai-tam-tru", "quet-qr")
MAX_SYLLABLES = 30  # of a sentence; of all sentences nine in ten have at most 20
_ID = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"


@dataclass(frozen=True, slots=True)
class Basis:
    """A guide's line that a lesson rests on."""

    passage: Passage
    line: Line


@dataclass(frozen=True, slots=True)
class Card:
    """A few sentences under a title."""

    title: str
    says: tuple[str, ...]
    bases: tuple[Basis, ...]


@dataclass(frozen=True, slots=True)
class Practice:
    """What the learner does on the own phone; `screen` is one of SCREENS to try it on first, or ""."""

    task: str
    screen: str
    bases: tuple[Basis, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose, why it is right or wrong, and the line that says so."""

    text: str
    why: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class QuizItem:
    """A question with one right choice; `id` is "lesson#number"."""

    id: str
    question: str
    right: Choice
    wrong: tuple[Choice, ...]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All choices, the right one first."""
        return (self.right, *self.wrong)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson of some paths; `order` is its place in each, `guides` what it is about, the main one first."""

    id: str
    title: str
    goal: str
    minutes: int
    paths: tuple[str, ...]
    order: int
    guides: tuple[str, ...]
    cards: tuple[Card, ...]
    practice: Practice | None
    quiz: tuple[QuizItem, ...]

    @property
    def stage(self) -> int:
        """The place in STAGES of what the lesson leads to."""
        return self.order // 10

    def on(self, day: date) -> "Lesson":
        """Return the lesson without what is not true on a day."""

        def holds(bases: Sequence[Basis]) -> bool:
            return all(basis.line.valid_on(day) for basis in bases)

        practice = self.practice if self.practice and holds(self.practice.bases) else None
        return replace(
            self, practice=practice, cards=tuple(card for card in self.cards if holds(card.bases)),
            quiz=tuple(item for item in self.quiz if holds([choice.basis for choice in item.choices])),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """All that can be learned with one corpus; `flags` tell what was left out of it and why."""

    lessons: tuple[Lesson, ...]
    flags: tuple[str, ...]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Line(_Row):
    guide: str
    line: str


class _Card(_Row):
    title: str = Field(min_length=3, max_length=60)
    says: list[str] = Field(min_length=1, max_length=4)
    by: list[str] = Field(min_length=1)


class _Practice(_Row):
    task: str = Field(min_length=20, max_length=400)
    screen: str = ""
    by: list[str] = Field(min_length=1)


class _Wrong(_Row):
    text: str = Field(min_length=2, max_length=140)
    why: str = Field(min_length=10, max_length=240)
    by: str = ""


class _Item(_Row):
    ask: str = Field(min_length=10, max_length=200)
    by: str
    right: str = Field(min_length=2, max_length=140)
    why: str = Field(min_length=10, max_length=240)
    wrong: list[_Wrong] = Field(min_length=2, max_length=3)


class _Lesson(_Row):
    id: str = Field(pattern=_ID, max_length=60)
    title: str = Field(min_length=5, max_length=70)
    goal: str = Field(min_length=15, max_length=200)
    minutes: int = Field(ge=3, le=20)
    paths: list[str] = Field(min_length=1)
    order: int = Field(ge=1, lt=10 * len(STAGES))
    lines: dict[str, _Line] = Field(min_length=1)
    cards: list[_Card] = Field(min_length=3, max_length=6)
    practice: _Practice
    quiz: list[_Item] = Field(min_length=3, max_length=7)


def load_lessons(corpus: Path, guides: Mapping[str, Guide], prove: bool = True) -> Course:
    """Read the lessons, in the order of their paths; a part whose line a guide no longer has is flagged.

    Without `prove` they are only read, in a tenth of the time: what is served has been proved. Raises CorpusError with a
    `path:1: …` row for everything else that is wrong.
    """
    found: list[Lesson] = []
    flags: list[str] = []
    problems: list[str] = []
    for path in sorted((corpus / FOLDER).glob("*.yaml")):
        try:
            row = _Lesson.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
            lesson, lost = _lesson(row, guides)
            told = lesson_problems(lesson) if prove else []
            told += [f"id is {row.id!r}, expected the file's name"] * (row.id != path.stem)
            problems += [f"{path}:1: {problem}" for problem in told]
            flags += lost
            found.append(lesson)
        except ValidationError as error:
            first = error.errors()[0]
            problems.append(f"{path}:1: {'.'.join(map(str, first['loc']))}: {first['msg']}")
        except (yaml.YAMLError, CorpusError) as error:
            problems.append(f"{path}:1: {error}")
    if problems:
        raise CorpusError("\n".join(problems))
    return Course(tuple(sorted(found, key=lambda lesson: (lesson.order, lesson.id))), tuple(flags))


def lesson_problems(lesson: Lesson) -> list[str]:
    """Return what a lesson says that its lines do not, and choices that are not proved right or wrong."""
    problems = [f"path {path!r} is none of {', '.join(PATHS)}" for path in lesson.paths if path not in PATHS]
    if lesson.practice and lesson.practice.screen not in ("", *SCREENS):
        problems.append(f"screen {lesson.practice.screen!r} is none of {', '.join(SCREENS)}")
    for card in lesson.cards:
        problems += _unsaid(" ".join((card.title, *card.says)), card.bases)
    if lesson.practice:
        problems += _unsaid(lesson.practice.task, lesson.practice.bases)
    for item in lesson.quiz:
        problems += [f"{item.id}: {problem}" for problem in quiz_problems(item)]
    problems += [
        f"{len(syllables(sentence))} syllables, at most {MAX_SYLLABLES}: {sentence}"
        for text in texts_of(lesson) for sentence in sentences(text) if len(syllables(sentence)) > MAX_SYLLABLES
    ]  # fmt: skip
    return problems


def quiz_problems(item: QuizItem) -> list[str]:
    """Return why the right choice is not proved by its line, or a wrong one not told apart from it."""
    problems = []
    if not _stands_in(item.right.text, item.right.basis.line.text):
        problems.append(
            f"right choice {item.right.text!r} does not stand word for word in {item.right.basis.line.text!r}"
        )
    for choice in item.wrong:
        for basis in {id(b): b for b in (item.right.basis, choice.basis)}.values():
            if not _lacks(basis.line.text, choice.text):
                problems.append(f"wrong choice {choice.text!r} could be true by {basis.line.text!r}")
    if len({" ".join(_words(choice.text)) for choice in item.choices}) < len(item.choices):
        problems.append("two choices say the same")
    for choice in item.choices:
        problems += _unsaid(choice.why, (choice.basis, item.right.basis), choice.text)
    return problems


def texts_of(lesson: Lesson) -> list[str]:
    """Return everything that a learner reads of a lesson, but the choices."""
    cards = [text for card in lesson.cards for text in (card.title, *card.says)]
    quiz = [text for item in lesson.quiz for text in (item.question, *(choice.why for choice in item.choices))]
    return [lesson.title, lesson.goal, *cards, *([lesson.practice.task] if lesson.practice else []), *quiz]


class _LostLineError(CorpusError):
    """A guide no longer has the line that a part of a lesson rests on."""


_Part = TypeVar("_Part")


def _lesson(row: _Lesson, guides: Mapping[str, Guide]) -> tuple[Lesson, list[str]]:
    """Return the lesson of the parts whose lines are there, and what is to be said of the others."""
    lost: list[str] = []

    def of(key: str) -> Basis:
        if key not in row.lines:
            raise CorpusError(f"line {key!r} is not among its lines")
        return _basis(row.lines[key], guides)

    def kept(name: str, make: Callable[[], _Part]) -> list[_Part]:
        try:
            return [make()]
        except _LostLineError as error:
            lost.append(f"{name}: {error}")
            return []

    cards = [
        card for n, c in enumerate(row.cards, 1)
        for card in kept(f"{row.id}, card {n}", lambda c=c: Card(c.title, tuple(c.says), tuple(map(of, c.by))))
    ]  # fmt: skip
    quiz = [
        item for n, i in enumerate(row.quiz, 1) for item in kept(f"{row.id}#{n}", lambda n=n, i=i: _item(f"{row.id}#{n}", i, of))
    ]  # fmt: skip
    p = row.practice
    practice = kept(f"{row.id}, practice", lambda: Practice(p.task, p.screen, tuple(map(of, p.by))))
    about = tuple(dict.fromkeys(line.guide for line in row.lines.values()))
    return Lesson(
        row.id, row.title, row.goal, row.minutes, tuple(row.paths), row.order, about, tuple(cards),
        practice[0] if practice else None, tuple(quiz),
    ), lost  # fmt: skip


def _item(item_id: str, row: _Item, of: Callable[[str], Basis]) -> QuizItem:
    wrong = tuple(Choice(choice.text, choice.why, of(choice.by or row.by)) for choice in row.wrong)
    return QuizItem(item_id, row.ask, Choice(row.right, row.why, of(row.by)), wrong)


def _basis(row: _Line, guides: Mapping[str, Guide]) -> Basis:
    places = guides[row.guide].places(row.line) if row.guide in guides else []
    if not places:
        raise _LostLineError(f"guide {row.guide} has no line {row.line!r}")
    return Basis(*places[0])


def _unsaid(text: str, bases: Sequence[Basis], given: str = "") -> list[str]:
    """Return the facts of a text that neither its lines nor `given` state."""
    lost = missing(text, (*(basis.line.text for basis in bases), given))
    return [f"states {', '.join(repr(atom.text) for atom in lost)}, which its lines do not: {text}"] if lost else []


def _words(text: str) -> list[str]:
    return syllables(clean(text).lower())


def _stands_in(part: str, whole: str) -> bool:
    return f" {' '.join(_words(part))} " in f" {' '.join(_words(whole))} "


def _lacks(line: str, choice: str) -> bool:
    """Tell whether a line lacks a fact or a word of a choice, so that it cannot be what the line says."""
    return bool(missing(choice, [line])) or not set(_words(choice)) <= set(_words(line))
