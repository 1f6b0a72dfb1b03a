"""From the database's counts to the report of the movement, made beside the requests and kept until there are others.

Only weeks that are over are reported: a report that grew with each class would tell by how many. What is hidden is decided over
all places and weeks at once; whoever may see a part gets that part of the one report.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from evals.movement import MEASURES, Counted, Locality, Report, Target, movement_report
from rag.clock import local_day
from rag.records import Records
from rag.records import localities as stored
from rag.records.movement import AUDIENCES, Count, monday

EVERYWHERE = "*"  # above all localities; no id of theirs has such a letter
GROUPS = {**AUDIENCES, "ngoai-lop": "Hỏi ngoài lớp học"}
_OUTSIDE = "ngoai-lop"
_WEEKS = 104  # a class with a mistyped year must not make a column for each week since
_PATIENCE_S = 2.0

_Asked = tuple[tuple[Counted, ...], tuple[Locality, ...]]


@dataclass(frozen=True, slots=True)
class Made:
    """A report over all places, when it was made, and whether the counts have changed since."""

    report: Report
    at: datetime
    current: bool


class Figures:
    """The newest report of an application. Safe to use from several threads; one report at a time is in the making."""

    def __init__(self, patience_s: float = _PATIENCE_S, make: Callable[..., Report] = movement_report) -> None:
        self._patience_s, self._make_report = patience_s, make
        self._lock = threading.Lock()
        self._asked: _Asked | None = None
        self._work: Future[tuple[Report, datetime]] = Future()
        self._work.set_result((movement_report([], [], GROUPS, []), datetime.now(UTC)))
        self._last: tuple[Report, datetime] | None = None

    def newest(self, records: Records) -> Made | None:
        """Return the report, or the one before while the new one takes longer than a reader would wait, or None."""
        asked = _asked(records, today())
        with self._lock:
            if self._work.done() and (self._asked != asked or self._work.exception()):
                self._asked, self._work = asked, Future()
                threading.Thread(target=self._make, args=(self._work, asked), daemon=True).start()
            work, current = self._work, self._asked == asked
        with suppress(TimeoutError):
            return Made(*work.result(self._patience_s), current)
        return Made(*self._last, current=False) if self._last else None

    def _make(self, work: Future[tuple[Report, datetime]], asked: _Asked) -> None:
        try:
            made = self._make_report(*asked, GROUPS, []), datetime.now(UTC)
        except Exception as error:  # handed on: whoever waits raises it, and the next one tries again
            work.set_exception(error)
            return
        self._last = made
        work.set_result(made)


def today() -> date:
    """Return which day it is in Vietnam."""
    return local_day(datetime.now(UTC))


def targets_of(records: Records, report: Report) -> list[Target]:
    """Return the targets whose places are in a report, the one that is due first in front."""
    places = {place.id for place in report.localities}
    return [
        Target(row.locality_id, row.audience, row.measure, row.goal, row.by_day)
        for row in records.movement.targets()
        if row.locality_id in places
    ]


def _asked(records: Records, day: date) -> _Asked:
    places = records.localities.all()
    return tuple(_counted(records.movement.counted(), places, day)), tuple(_places(places.values()))


def _counted(rows: Sequence[Count], places: Collection[str], day: date) -> Iterator[Counted]:
    """Yield the counts of the weeks that are over, each at a place that is still there."""
    this_week = monday(day)
    for row in rows:
        if this_week - timedelta(weeks=_WEEKS) <= row.week < this_week and row.measure in MEASURES:
            audience = row.audience if row.audience in AUDIENCES else _OUTSIDE
            yield Counted(row.week, _place(row.locality_id, places), audience, row.measure, row.n)


def _place(locality_id: str, places: Collection[str]) -> str:
    """Return a locality, or what is left of those above it: ids are "province/commune"."""
    while locality_id and locality_id not in places:
        locality_id = locality_id.rpartition("/")[0]
    return locality_id or EVERYWHERE


def _places(rows: Collection[stored.Locality]) -> Iterator[Locality]:
    """Yield the places without how many live there: who corrects that need not wait for another report."""
    yield Locality(EVERYWHERE, "Mọi nơi", None)
    for row in rows:
        yield Locality(row.id, row.name, row.parent_id or EVERYWHERE)


def goal_of(kind: str, number: int | None, place: stored.Locality) -> int | str:
    """Return how many a target is, or in Vietnamese why that cannot be said.

    `kind`: "number"; "adults", of whom `number` is a percentage; "households", one person of each.
    """
    if kind == "number":
        return number if number and 0 < number <= 200_000_000 else "Bạn ghi mục tiêu là một số lớn hơn 0 nhé."
    known = {"adults": (place.adults, "số người lớn"), "households": (place.households, "số hộ")}
    if kind not in known:
        return "Bạn chọn cách tính mục tiêu nhé."
    people, what = known[kind]
    if not people:
        return f"Chưa biết {what} của {place.name}, bạn ghi ở trang Địa phương trước nhé."
    if kind == "households":
        return people
    if not number or not 0 < number <= 100:
        return "Bạn ghi tỷ lệ người lớn từ 1 đến 100 phần trăm nhé."
    return Locality(place.id, place.name, None, people).goal(number)
