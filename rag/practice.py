"""Practice screens: invented scenes on a drawn phone, each with choices or a form, read from `corpus/practice/<screen>.yaml`.

A scene is invented, and its advice is not: every choice rests on a guide's line, which is shown with it, and names the words of the
line that decide. What a scene says of its own states no fact that neither these lines nor its drawings have. Drawings can be of
nobody: long numbers are zeros, and an address that no line names leads nowhere. Scenes whose line the guides no longer have
are left out and flagged, those that are not true on a day too (`Screen.on`). Reads files only.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config

from rag.guides import Guide
from rag.lessons import (
    SCREENS,
    Basis,
    Flag,
    LineRow,
    Row,
    bases_by_key,
    hold_on,
    lacks,
    parts_kept,
    read_files,
    too_long,
    unsaid,
    words_of,
)

FOLDER = "practice"
MAX_SYLLABLES = 20  # of a sentence that is ours; what a drawing says is other people's
SCENES = range(4, 8)  # in one screen: enough to practise, few enough to finish
ADDRESS = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?![\w.])", re.IGNORECASE)
# Names that are kept free for examples (RFC 2606): nobody can ever register them.
_NOWHERE = re.compile(r"(?:^|\.)example(?:\.com)?$")
_LONG_NUMBER = re.compile(r"(?<![\d./])\d(?:[ .]?\d){5,}(?![\d/])")
_strict = with_config(ConfigDict(extra="forbid"))
Texts = tuple[str, ...]


@_strict
@dataclass(frozen=True, slots=True)
class Offer:
    """One row of a list: an app and its maker, or an address and its title."""

    name: str
    note: str


@_strict
@dataclass(frozen=True, slots=True)
class Offers:
    """What a shop of apps, or a search for a page, shows."""

    kind: Literal["shop", "search"]
    search: str
    rows: tuple[Offer, ...]


@_strict
@dataclass(frozen=True, slots=True)
class Web:
    """A page in the browser; `asks` are its empty fields."""

    kind: Literal["web"]
    address: str
    title: str
    says: Texts = ()
    asks: Texts = ()


@_strict
@dataclass(frozen=True, slots=True)
class App:
    """An open app; `asks` are its empty fields, `buttons` what could be pressed, `code` a QR code on it."""

    kind: Literal["app"]
    name: str
    says: Texts = ()
    asks: Texts = ()
    buttons: Texts = ()
    code: bool = False


@_strict
@dataclass(frozen=True, slots=True)
class Message:
    """A message that has come; `code` is a QR code in it."""

    kind: Literal["message"]
    sender: str
    says: Texts
    code: bool = False


@_strict
@dataclass(frozen=True, slots=True)
class Call:
    """A call, with the caller's picture where it is a video call, and what the caller says."""

    kind: Literal["call"]
    caller: str
    number: str
    says: Texts
    video: bool = False


@_strict
@dataclass(frozen=True, slots=True)
class Sign:
    """A shop's sign with its QR code, or with another one pasted over it."""

    kind: Literal["sign"]
    shop: str
    receiver: str
    says: Texts = ()
    pasted: bool = False


@_strict
@dataclass(frozen=True, slots=True)
class Pay:
    """The bank's last page before the money goes; an empty `amount` is still to be typed."""

    kind: Literal["pay"]
    bank: str
    receiver: str
    account: str
    amount: str = ""
    warning: str = ""


Drawing = Offers | Web | App | Message | Call | Sign | Pay


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to do in a scene, why it is right or wrong, and the words of a guide's line that decide."""

    text: str
    right: bool
    why: str
    words: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a form; `paper` is what the household's paper has under `name`, and the right entry."""

    id: str
    name: str
    paper: str
    check: Literal["text", "digits", "day"]
    help: str
    message: str


@dataclass(frozen=True, slots=True)
class Form:
    """Fields to be filled in from an invented household's paper."""

    paper: str
    entries: tuple[Entry, ...]
    done: str
    bases: tuple[Basis, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn, what is asked, and choices or a form; `id` is "screen#number"."""

    id: str
    title: str
    story: str
    drawn: tuple[Drawing, ...]
    ask: str
    choices: tuple[Choice, ...]
    form: Form | None

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The lines that the scene rests on."""
        return (*(choice.basis for choice in self.choices), *(self.form.bases if self.form else ()))


@dataclass(frozen=True, slots=True)
class Screen:
    """One of `rag.lessons.SCREENS`."""

    id: str
    title: str
    goal: str
    scenes: tuple[Scene, ...]

    def on(self, day: date) -> "Screen":
        """Return the screen without the scenes that are not true on a day."""
        kept = (scene for scene in self.scenes if hold_on(scene.bases, day))
        return replace(self, scenes=tuple(kept))


class _Choice(Row):
    text: str = Field(min_length=2, max_length=90)
    right: bool = False
    why: str = Field(min_length=10, max_length=200)
    by: str
    words: str = Field(min_length=4)


class _Entry(Row):
    id: str = Field(pattern=r"^[a-z]+(?:-[a-z]+)*$")
    name: str = Field(min_length=2, max_length=40)
    paper: str = Field(min_length=1, max_length=80)
    check: Literal["text", "digits", "day"] = "text"
    help: str = Field(min_length=10, max_length=120)
    message: str = Field(min_length=10, max_length=160)


class _Form(Row):
    paper: str = Field(min_length=5, max_length=60)
    entries: list[_Entry] = Field(min_length=3, max_length=9)
    done: str = Field(min_length=10, max_length=240)
    by: list[str] = Field(min_length=1)


class _Scene(Row):
    title: str = Field(min_length=3, max_length=60)
    story: str = Field(min_length=10, max_length=240)
    draw: list[Annotated[Drawing, Field(discriminator="kind")]] = Field(default=[], max_length=2)
    ask: str = Field(min_length=5, max_length=120)
    choices: list[_Choice] = Field(default=[], max_length=3)
    form: _Form | None = None


class _Screen(Row):
    id: str
    title: str = Field(min_length=5, max_length=70)
    goal: str = Field(min_length=15, max_length=200)
    lines: dict[str, LineRow] = Field(min_length=1)
    scenes: list[_Scene] = Field(min_length=SCENES.start, max_length=SCENES.stop - 1)


def load_practice(
    corpus: Path, guides: Mapping[str, Guide], prove: bool = True
) -> tuple[dict[str, Screen], tuple[Flag, ...]]:
    """Read the screens by id, in the order of SCREENS, and which scenes are left out; `prove` as in `rag.lessons`.

    Raises CorpusError with a `path:1: …` row for everything else that is wrong.
    """

    def read(path: Path, content: object) -> tuple[Screen, list[str], list[Flag]]:
        row = _Screen.model_validate(content)
        screen, lost = _screen(row, guides)
        told = screen_problems(screen) if prove else []
        return screen, told + [f"id is {row.id!r}, expected the file's name"] * (row.id != path.stem), lost

    found, flags = read_files(corpus / FOLDER, read)
    by_id = {screen.id: screen for screen in found}
    return {screen_id: by_id[screen_id] for screen_id in SCREENS if screen_id in by_id}, flags


def screen_problems(screen: Screen) -> list[str]:
    """Return what a screen says that its lines do not, choices that are not decided by their line, and too long sentences."""
    problems = [] if screen.id in SCREENS else [f"screen {screen.id!r} is none of {', '.join(SCREENS)}"]
    for scene in screen.scenes:
        problems += [f"{scene.id}: {problem}" for problem in _scene_problems(scene)]
    return problems + too_long(texts_of(screen), MAX_SYLLABLES)


def texts_of(screen: Screen) -> list[str]:
    """Return everything that a learner reads of a screen as ours, that is all but the drawings."""
    texts = [screen.title, screen.goal]
    for scene in screen.scenes:
        texts += [scene.title, scene.story, scene.ask]
        texts += [text for choice in scene.choices for text in (choice.text, choice.why)]
        if form := scene.form:
            texts += [form.paper, form.done]
            texts += [text for entry in form.entries for text in (entry.name, entry.help, entry.message)]
    return texts


def drawn_texts(scene: Scene) -> list[str]:
    """Return all that stands on the drawings of a scene and on its paper."""
    papers = [entry.paper for entry in scene.form.entries] if scene.form else []
    return [*(text for drawing in scene.drawn for text in _strings(drawing)), *papers]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, Drawing | Offer):
        for field in fields(value):
            if field.name != "kind":
                yield from _strings(getattr(value, field.name))


def _scene_problems(scene: Scene) -> list[str]:
    if bool(scene.choices) == bool(scene.form):
        return ["has choices or a form, one of them"]
    drawn = drawn_texts(scene)
    own = " ".join((scene.title, scene.story, scene.ask, *(c.text for c in scene.choices if c.right)))
    problems = unsaid(own, scene.bases, " ".join(drawn))
    problems += [problem for text in drawn for problem in _real_things(text, scene.bases)]
    return problems + (_form_problems(scene.form) if scene.form else _choice_problems(scene.choices, " ".join(drawn)))


def _choice_problems(choices: Sequence[Choice], drawn: str) -> list[str]:
    right = [choice for choice in choices if choice.right]
    if len(right) != 1 or len(choices) < 2:
        return [f"{len(right)} right choices of {len(choices)}, expected one of two or three"]
    problems = []
    if len({" ".join(words_of(choice.text)) for choice in choices}) < len(choices):
        problems.append("two choices say the same")
    for choice in choices:
        line = choice.basis.line.text
        if choice.words not in line:
            problems.append(f"words {choice.words!r} do not stand in {line!r}")
        if not choice.right and not (lacks(line, choice.text) and lacks(right[0].basis.line.text, choice.text)):
            problems.append(f"wrong choice {choice.text!r} could be true by its line")
        problems += unsaid(choice.why, (choice.basis, right[0].basis), f"{choice.text} {drawn}")
    return problems


def _form_problems(form: Form) -> list[str]:
    problems = []
    papers = " ".join(entry.paper for entry in form.entries)
    for entry in form.entries:
        if entry.check == "day" and not _is_day(entry.paper):
            problems.append(f"{entry.id}: {entry.paper!r} is no day like 01/01/1980")
        if entry.check == "digits" and not re.search(r"\d", entry.paper):
            problems.append(f"{entry.id}: {entry.paper!r} has no digits")
        problems += unsaid(f"{entry.help} {entry.message}", form.bases, papers)
    if len({entry.id for entry in form.entries}) < len(form.entries):
        problems.append("two fields have one id")
    return problems + unsaid(form.done, form.bases, papers)


def _is_day(text: str) -> bool:
    try:
        return datetime.strptime(text, "%d/%m/%Y").strftime("%d/%m/%Y") == text
    except ValueError:
        return False


def _real_things(text: str, bases: Sequence[Basis]) -> list[str]:
    """Return the addresses and long numbers of a drawing that could be somebody's."""
    said = " ".join(basis.line.text for basis in bases)
    hosts = (host for host in ADDRESS.findall(text) if host not in ADDRESS.findall(said) and not _NOWHERE.search(host))
    numbers = (
        match.group() for match in _LONG_NUMBER.finditer(text)
        if set(match.group()) - set("0 .") and match.group() not in said and not text.startswith(" đồng", match.end())
    )  # fmt: skip
    return [f"draws {thing!r}, which could be somebody's" for thing in (*hosts, *numbers)]


def _screen(row: _Screen, guides: Mapping[str, Guide]) -> tuple[Screen, list[Flag]]:
    """Return the screen of the scenes whose lines are there, and the flags of the others."""
    lost: list[Flag] = []
    of = bases_by_key(row.lines, guides)
    scenes = parts_kept(row.id, "scene", row.scenes, lambda n, scene: _scene(f"{row.id}#{n}", scene, of), lost)
    return Screen(row.id, row.title, row.goal, tuple(scenes)), lost


def _scene(scene_id: str, row: _Scene, of: Callable[[str], Basis]) -> Scene:
    choices = tuple(Choice(c.text, c.right, c.why, c.words, of(c.by)) for c in row.choices)
    form = row.form and Form(
        row.form.paper, tuple(Entry(**entry.model_dump()) for entry in row.form.entries), row.form.done,
        tuple(map(of, row.form.by)),
    )  # fmt: skip
    return Scene(scene_id, row.title, row.story, tuple(row.draw), row.ask, choices, form)
