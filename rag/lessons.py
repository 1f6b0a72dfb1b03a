"""Lessons: a few cards, a task for the learner's own phone and a quiz, read from `corpus/lessons/<id>.yaml`.

A lesson names the guides' lines that it rests on, by guide and exact words. What it says states no fact that its lines lack; the
right choice of a quiz stands word for word in its line, and every wrong one has a fact or a word that the line lacks. What rests
on a line that the guides no longer have is left out and flagged, what is not true on a day too (`Lesson.on`). Reads files only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
_Part = TypeVar("_Part")
_R = TypeVar("_R")
_ID = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"


@dataclass(frozen=True, slots=True)
class Basis:
    """A guide's line that a lesson rests on."""

    passage: Passage
    line: Line


def hold_on(bases: Iterable[Basis], day: date) -> bool:
    """Tell whether all lines are true on a day."""
    return all(basis.line.valid_on(day) for basis in bases)


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

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The lines that the choices rest on."""
        return tuple(choice.basis for choice in self.choices)


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
        practice = self.practice if self.practice and hold_on(self.practice.bases, day) else None
        return replace(
            self, practice=practice, cards=tuple(card for card in self.cards if hold_on(card.bases, day)),
            quiz=tuple(item for item in self.quiz if hold_on(item.bases, day)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flag:
    """A part that is left out because a guide no longer has the line that it rests on.

    `of` is the id of the lesson or screen, `part` "card", "quiz", "practice" or "scene", `number` its place from 1.
    """

    of: str
    part: str
    number: int
    guide: str
    line: str


class Row(BaseModel):
    """A part of a lesson's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LineRow(Row):
    """A guide's line by its exact words."""

    guide: str
    line: str


class _Card(Row):
    title: str = Field(min_length=3, max_length=60)
    says: list[str] = Field(min_length=1, max_length=4)
    by: list[str] = Field(min_length=1)


class _Practice(Row):
    task: str = Field(min_length=20, max_length=400)
    screen: str = ""
    by: list[str] = Field(min_length=1)


class _Wrong(Row):
    text: str = Field(min_length=2, max_length=140)
    why: str = Field(min_length=10, max_length=240)
    by: str = ""


class _Item(Row):
    ask: str = Field(min_length=10, max_length=200)
    by: str
    right: str = Field(min_length=2, max_length=140)
    why: str = Field(min_length=10, max_length=240)
    wrong: list[_Wrong] = Field(min_length=2, max_length=3)


class _Lesson(Row):
    id: str = Field(pattern=_ID, max_length=60)
    title: str = Field(min_length=5, max_length=70)
    goal: str = Field(min_length=15, max_length=200)
    minutes: int = Field(ge=3, le=20)
    paths: list[str] = Field(min_length=1)
    order: int = Field(ge=1, lt=10 * len(STAGES))
    lines: dict[str, LineRow] = Field(min_length=1)
    cards: list[_Card] = Field(min_length=3, max_length=6)
    practice: _Practice
    quiz: list[_Item] = Field(min_length=3, max_length=7)


def load_lessons(
    corpus: Path, guides: Mapping[str, Guide], prove: bool = True
) -> tuple[tuple[Lesson, ...], tuple[Flag, ...]]:
    """Read the lessons, in the order of their paths, and which parts are left out.

    Without `prove` they are only read, in a tenth of the time: what is served has been proved. Raises CorpusError with a
    `path:1: …` row for everything else that is wrong.
    """

    def read(path: Path, content: object) -> tuple[Lesson, list[str], list[Flag]]:
        row = _Lesson.model_validate(content)
        lesson, lost = _lesson(row, guides)
        told = lesson_problems(lesson) if prove else []
        return lesson, told + [f"id is {row.id!r}, expected the file's name"] * (row.id != path.stem), lost

    found, flags = read_files(corpus / FOLDER, read)
    return tuple(sorted(found, key=lambda lesson: (lesson.order, lesson.id))), flags


def read_files(
    folder: Path, read: Callable[[Path, object], tuple[_Part, list[str], list[Flag]]]
) -> tuple[list[_Part], tuple[Flag, ...]]:
    """Read the YAML files of a folder. `read` makes of a file's content a value, its problems and its flags.

    Returns the values by file name and all flags. Raises CorpusError with a `path:1: …` row for each problem.
    """
    found: list[_Part] = []
    flags: list[Flag] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            value, told, lost = read(path, content)
            problems += [f"{path}:1: {problem}" for problem in told]
            flags += lost
            found.append(value)
        except ValidationError as error:
            first = error.errors()[0]
            problems.append(f"{path}:1: {'.'.join(map(str, first['loc']))}: {first['msg']}")
        except (yaml.YAMLError, CorpusError) as error:
            problems.append(f"{path}:1: {error}")
    if problems:
        raise CorpusError("\n".join(problems))
    return found, tuple(flags)


def lesson_problems(lesson: Lesson) -> list[str]:
    """Return what a lesson says that its lines do not, and choices that are not proved right or wrong."""
    problems = [f"path {path!r} is none of {', '.join(PATHS)}" for path in lesson.paths if path not in PATHS]
    if lesson.practice and lesson.practice.screen not in ("", *SCREENS):
        problems.append(f"screen {lesson.practice.screen!r} is none of {', '.join(SCREENS)}")
    for card in lesson.cards:
        problems += unsaid(" ".join((card.title, *card.says)), card.bases)
    if lesson.practice:
        problems += unsaid(lesson.practice.task, lesson.practice.bases)
    for item in lesson.quiz:
        problems += [f"{item.id}: {problem}" for problem in quiz_problems(item)]
    return problems + too_long(texts_of(lesson), MAX_SYLLABLES)


def quiz_problems(item: QuizItem) -> list[str]:
    """Return why the right choice is not proved by its line, or a wrong one not told apart from it."""
    problems = []
    if not stands_in(item.right.text, item.right.basis.line.text):
        problems.append(
            f"right choice {item.right.text!r} does not stand word for word in {item.right.basis.line.text!r}"
        )
    for choice in item.wrong:
        for basis in {id(b): b for b in (item.right.basis, choice.basis)}.values():
            if not lacks(basis.line.text, choice.text):
                problems.append(f"wrong choice {choice.text!r} could be true by {basis.line.text!r}")
    if len({" ".join(words_of(choice.text)) for choice in item.choices}) < len(item.choices):
        problems.append("two choices say the same")
    for choice in item.choices:
        problems += unsaid(choice.why, (choice.basis, item.right.basis), choice.text)
    return problems


def too_long(texts: Iterable[str], most: int) -> list[str]:
    """Return what is to be said of sentences with more than `most` syllables."""
    found = (sentence for text in texts for sentence in sentences(text))
    return [
        f"{n} syllables, at most {most}: {sentence}" for sentence in found if (n := len(syllables(sentence))) > most
    ]


def texts_of(lesson: Lesson) -> list[str]:
    """Return everything that a learner reads of a lesson, but the choices."""
    cards = [text for card in lesson.cards for text in (card.title, *card.says)]
    quiz = [text for item in lesson.quiz for text in (item.question, *(choice.why for choice in item.choices))]
    return [lesson.title, lesson.goal, *cards, *([lesson.practice.task] if lesson.practice else []), *quiz]


class LostLineError(CorpusError):
    """A guide no longer has the line that a part rests on."""

    def __init__(self, row: LineRow) -> None:
        super().__init__(f"guide {row.guide} has no line {row.line!r}")
        self.row = row


def bases_by_key(rows: Mapping[str, LineRow], guides: Mapping[str, Guide]) -> Callable[[str], Basis]:
    """Return what finds a line by its short key; that raises CorpusError for an unknown key and LostLineError."""

    def basis(key: str) -> Basis:
        if (row := rows.get(key)) is None:
            raise CorpusError(f"line {key!r} is not among its lines")
        places = guides[row.guide].places(row.line) if row.guide in guides else []
        if not places:
            raise LostLineError(row)
        return Basis(*places[0])

    return basis


def parts_kept(
    of: str, part: str, rows: Iterable[_R], make: Callable[[int, _R], _Part], lost: list[Flag]
) -> list[_Part]:
    """Return what `make` makes of each row and its number from 1; whose line is gone is left out, and noted in `lost`."""
    kept = []
    for number, row in enumerate(rows, 1):
        try:
            kept.append(make(number, row))
        except LostLineError as error:
            lost.append(Flag(of, part, number, error.row.guide, error.row.line))
    return kept


def _lesson(row: _Lesson, guides: Mapping[str, Guide]) -> tuple[Lesson, list[Flag]]:
    """Return the lesson of the parts whose lines are there, and the flags of the others."""
    lost: list[Flag] = []
    of = bases_by_key(row.lines, guides)
    cards = parts_kept(row.id, "card", row.cards, lambda _, c: Card(c.title, tuple(c.says), tuple(map(of, c.by))), lost)
    practice = parts_kept(
        row.id, "practice", [row.practice], lambda _, p: Practice(p.task, p.screen, tuple(map(of, p.by))), lost
    )
    quiz = parts_kept(row.id, "quiz", row.quiz, lambda n, item: _item(f"{row.id}#{n}", item, of), lost)
    about = tuple(dict.fromkeys(line.guide for line in row.lines.values()))
    return Lesson(
        row.id, row.title, row.goal, row.minutes, tuple(row.paths), row.order, about, tuple(cards),
        practice[0] if practice else None, tuple(quiz),
    ), lost  # fmt: skip


def _item(item_id: str, row: _Item, of: Callable[[str], Basis]) -> QuizItem:
    wrong = tuple(Choice(choice.text, choice.why, of(choice.by or row.by)) for choice in row.wrong)
    return QuizItem(item_id, row.ask, Choice(row.right, row.why, of(row.by)), wrong)


def unsaid(text: str, bases: Sequence[Basis], given: str = "") -> list[str]:
    """Return the facts of a text that neither its lines nor `given` state."""
    lost = missing(text, (*(basis.line.text for basis in bases), given))
    return [f"states {', '.join(repr(atom.text) for atom in lost)}, which its lines do not: {text}"] if lost else []


def words_of(text: str) -> list[str]:
    """Return the syllables of a text for comparing."""
    return syllables(clean(text).lower())


def stands_in(part: str, whole: str) -> bool:
    """Tell whether `part` is a run of words of `whole`."""
    return f" {' '.join(words_of(part))} " in f" {' '.join(words_of(whole))} "


def lacks(line: str, choice: str) -> bool:
    """Tell whether a line lacks a fact or a word of a choice, so that it cannot be what the line says."""
    return bool(missing(choice, [line])) or not set(words_of(choice)) <= set(words_of(line))
