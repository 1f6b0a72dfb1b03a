"""A guide's steps, one at a time: what pages show as cards and what a question may begin from. Reads nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rag.guides import Guide, Line, Passage, Section


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `number` counts from 1 through all ways of a guide, `notes` are the plain lines that follow it."""

    number: int
    line: Line
    passage: Passage
    notes: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way of doing something, or one task of a guide that has several; `before` are lines above its first step."""

    heading: str
    before: tuple[Line, ...]
    steps: tuple[Step, ...]


def ways_of(guide: Guide, day: date) -> list[Way]:
    """Return the ways that have steps which are true on `day`, in the guide's order."""
    found: list[Way] = []
    number = 1
    for passage in guide.passages_on(day):
        if passage.section is not Section.STEPS or not any(line.step for line in passage.lines):
            continue
        first = next(n for n, line in enumerate(passage.lines) if line.step)
        steps = tuple(_steps(passage, passage.lines[first:], number))
        found.append(Way(passage.part, passage.lines[:first], steps))
        number += len(steps)
    return found


def step_of(guide: Guide, number: int, day: date) -> Step | None:
    """Return the step of a number, if there is one on `day`."""
    return next((step for way in ways_of(guide, day) for step in way.steps if step.number == number), None)


def _steps(passage: Passage, lines: Sequence[Line], number: int) -> Iterator[Step]:
    starts = [n for n, line in enumerate(lines) if line.step]
    for count, (start, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True)):
        yield Step(number + count, lines[start], passage, tuple(lines[start + 1 : end]))
