"""How far the movement has come: counts by place, group of people and week, targets, and nobody recognisable behind a number.

A count from 1 to 4 is shown as "<5". Where sums of rows, columns or places would give it away, a further cell is shown as "ẩn"
(so is a small one, in the rare table whose labels would tell). The attacker that is reckoned with sees every table of the
report, knows all sums in it, that counts are whole, that "<5" is 1 to 4, and takes "ẩn" for 5 or more: still at least two values
stay possible for each cell that is not shown. What is not covered: comparison with an earlier report of the same weeks or of one
measure with another, and what somebody knows from elsewhere. Pure.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from markupsafe import Markup

from evals.plots import target_bars, week_lines
from evals.suppression import Shown, protected
from rag.errors import RecordError
from rag.spreadsheets import Cell, Table

ALL = ""  # every group of people
MEASURES = {
    "people": "Người học", "questions": "Câu hỏi", "answered": "Câu được trả lời", "classes": "Lớp học",
    "lessons": "Bài học", "handovers": "Nhờ người giúp",
}  # fmt: skip
Spot = tuple[str, str, date | None]  # locality, audience or ALL, week or None for all weeks


@dataclass(frozen=True, slots=True)
class Counted:
    """`n` of a measure in the week that begins on this Monday. A person counts in the first week only, so weeks add up."""

    week: date
    locality: str
    audience: str
    measure: str
    n: int


@dataclass(frozen=True, slots=True)
class Locality:
    """A place, what it is a part of, and how many adults and households it has (0: not known)."""

    id: str
    name: str
    parent: str | None
    adults: int = 0
    households: int = 0

    def goal(self, percent: int) -> int:
        """Return how many people are at least this share of the adults: 80 % of 101 → 81."""
        return math.ceil(self.adults * percent / 100)


@dataclass(frozen=True, slots=True)
class Target:
    """What a place wants to have reached by a day, for one group of people or ALL."""

    locality: str
    audience: str
    measure: str
    goal: int
    by: date


@dataclass(frozen=True, slots=True)
class Progress:
    """What has been reached of a target; `percent` of the goal, rounded down, is None where the count is not shown."""

    target: Target
    reached: Shown
    percent: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """All that may be shown: `cells` by measure and spot, places by group and places by week.

    Groups by week are left out: with them a reader could reckon with three dimensions at once.
    """

    localities: tuple[Locality, ...]
    audiences: Mapping[str, str]
    weeks: tuple[date, ...]
    cells: Mapping[str, Mapping[Spot, Shown]]
    progress: tuple[Progress, ...]

    def against(self, targets: Sequence[Target]) -> "Report":
        """Return the same figures with the progress of these targets, whose places must be in the report."""
        return replace(self, progress=tuple(_progress(target, self.cells) for target in targets))

    def part(self, places: Collection[str], weeks: Collection[date]) -> "Report":
        """Return what is about these places and weeks; sums stay those of all weeks.

        Nothing is counted or hidden anew, so that no part, nor any two of them together, tells more than the whole.
        """
        kept = tuple(place for place in self.localities if place.id.removesuffix("/") in places)
        ids, shown = {place.id for place in kept}, tuple(week for week in self.weeks if week in weeks)
        cells = {
            measure: {spot: n for spot, n in found.items() if spot[0] in ids and (spot[2] is None or spot[2] in shown)}
            for measure, found in self.cells.items()
        }
        progress = tuple(row for row in self.progress if row.target.locality in ids)
        return Report(kept, self.audiences, shown, cells, progress)

    def to_tables(self) -> dict[str, Table]:
        """Return the sheets of a workbook by name."""
        names = {place.id: place.name for place in self.localities}
        sheets: dict[str, Table] = {}
        for measure, cells in self.cells.items():
            title = MEASURES[measure]
            sheets[f"{title}, nơi-nhóm"] = self._by_place(cells, [(a, None) for a in self.audiences], names)
            sheets[f"{title}, nơi-tuần"] = self._by_place(cells, [(ALL, week) for week in self.weeks], names)
        header = ("Nơi", "Nhóm", "Việc", "Mục tiêu", "Hạn", "Đã đạt", "Phần trăm")
        sheets["Mục tiêu"] = Table(header, tuple(self._progress_row(row, names) for row in self.progress))
        return sheets

    def _by_place(
        self, cells: Mapping[Spot, Shown], columns: Sequence[tuple[str, date | None]], names: Mapping[str, str]
    ) -> Table:
        total = "Tổng mọi tuần" if columns and columns[0][1] else "Tổng"
        header = ("Nơi", "Thuộc", *(_day(week) if week else self.audiences[a] for a, week in columns), total)
        rows = (
            (p.name, names.get(p.parent or ""), *(cells[p.id, a, week] for a, week in (*columns, (ALL, None))))
            for p in self.localities
        )
        return Table(header, tuple(rows))

    def _progress_row(self, row: Progress, names: Mapping[str, str]) -> tuple[Cell, ...]:
        target = row.target
        audience = self.audiences.get(target.audience, "tất cả")
        return (
            names[target.locality],
            audience,
            MEASURES[target.measure],
            target.goal,
            target.by,
            row.reached,
            row.percent,
        )

    def week_plot(self, measure: str, localities: Sequence[str], x: str, y: str) -> Markup:
        """Draw a measure by week, a line a place, with gaps where a count is not shown."""
        names = {place.id: place.name for place in self.localities}
        cells = self.cells[measure]
        series = [(names[place], [_number(cells[place, ALL, week]) for week in self.weeks]) for place in localities]
        return week_lines([_day(week)[:5] for week in self.weeks], series, x, y)

    def target_plot(self, x: str) -> Markup:
        """Draw each target's progress as a bar on the scale of its goal."""
        names = {place.id: place.name for place in self.localities}
        rows = [
            (
                f"{names[p.target.locality]}, {MEASURES[p.target.measure].lower()}",
                p.percent,
                f"{p.reached} / {p.target.goal}",
            )
            for p in self.progress
        ]
        return target_bars(rows, x)


def movement_report(
    counted: Sequence[Counted], localities: Sequence[Locality], audiences: Mapping[str, str], targets: Sequence[Target]
) -> Report:
    """Return the report of these rows; `audiences` are the groups of people by id with their names, in order.

    Raises RecordError where a row names a place, group, measure or day that cannot be.
    """
    _check(counted, localities, audiences, targets)
    places = _with_own(_in_order(localities), {row.locality for row in counted})
    weeks = _weeks(counted)
    sums = {measure: _sums(counted, measure, places) for measure in MEASURES}
    relations = list(_relations(places, tuple(audiences), weeks))
    spots = {spot for relation in relations for spot in relation} | {(p.id, ALL, None) for p in places}
    cells = {
        measure: protected({spot: found[spot] for spot in sorted(spots, key=str)}, relations)
        for measure, found in sums.items()
    }
    return Report(places, dict(audiences), weeks, cells, tuple(_progress(target, cells) for target in targets))


def _check(
    counted: Sequence[Counted], localities: Sequence[Locality], audiences: Mapping[str, str], targets: Sequence[Target]
) -> None:
    known = {place.id for place in localities}
    if len(known) < len(localities):
        raise RecordError("two places have the same id")
    for row in counted:
        if row.week.weekday() != 0 or row.n < 0:
            raise RecordError(f"{row}: a week begins on a Monday and a count is not negative")
    for row in (*counted, *targets):
        groups = {*audiences, ALL} if isinstance(row, Target) else audiences
        if row.locality not in known or row.audience not in groups or row.measure not in MEASURES:
            raise RecordError(f"{row}: its place, group or measure is not known")
        if isinstance(row, Target) and row.goal <= 0:
            raise RecordError(f"{row}: a goal is above 0")


def _in_order(localities: Sequence[Locality]) -> tuple[Locality, ...]:
    """Return the places with their parts after them. Raises RecordError for a place that hangs on no highest one."""

    def below(parent: str | None) -> Iterator[Locality]:
        for place in localities:
            if place.parent == parent:
                yield place
                yield from below(place.id)

    ordered = tuple(below(None))
    if lost := {place.id for place in localities} - {place.id for place in ordered}:
        raise RecordError(f"places {', '.join(sorted(lost))} are parts of none that is known")
    return ordered


def _with_own(places: Sequence[Locality], counted: set[str]) -> tuple[Locality, ...]:
    """Add a row for what was counted in a place but in none of its parts: the difference would tell it anyhow."""
    parents = {place.parent for place in places}
    result: list[Locality] = []
    for place in places:
        result.append(place)
        if place.id in parents and place.id in counted:
            result.append(Locality(_own(place.id), f"{place.name}, không ghi rõ nơi", place.id))
    return tuple(result)


def _own(place: str) -> str:
    return f"{place}/"


def _weeks(counted: Sequence[Counted]) -> tuple[date, ...]:
    if not counted:
        return ()
    first, last = min(row.week for row in counted), max(row.week for row in counted)
    return tuple(first + timedelta(7 * n) for n in range((last - first).days // 7 + 1))


def _sums(counted: Sequence[Counted], measure: str, places: Sequence[Locality]) -> Counter[Spot]:
    parents = {place.id: place.parent for place in places}
    sums: Counter[Spot] = Counter()
    for row in counted:
        if row.measure != measure:
            continue
        at: str | None = _own(row.locality) if _own(row.locality) in parents else row.locality
        while at is not None:
            for audience in (row.audience, ALL):
                for week in (row.week, None):
                    sums[at, audience, week] += row.n
            at = parents[at]
    return sums


def _relations(
    places: Sequence[Locality], audiences: Sequence[str], weeks: Sequence[date]
) -> Iterator[tuple[Spot, ...]]:
    """Yield every sum that a reader can check, the total first."""
    columns = [(ALL, None), *((a, None) for a in audiences), *((ALL, week) for week in weeks)]
    for place in places:
        yield (place.id, ALL, None), *((place.id, audience, None) for audience in audiences)
        yield (place.id, ALL, None), *((place.id, ALL, week) for week in weeks)
        if parts := [part.id for part in places if part.parent == place.id]:
            yield from (((place.id, *column), *((part, *column) for part in parts)) for column in columns)


def _progress(target: Target, cells: Mapping[str, Mapping[Spot, Shown]]) -> Progress:
    reached = cells[target.measure][target.locality, target.audience, None]
    return Progress(target, reached, 100 * reached // target.goal if isinstance(reached, int) else None)


def _number(shown: Shown) -> float | None:
    return shown if isinstance(shown, int) else None


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
