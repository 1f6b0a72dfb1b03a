"""The report of the movement: figures by place, audience and week against targets, for the eyes of trainers and administrators.

A trainer sees the part of the one report that is about the own locality and those under it. No figure is computed here from
exact counts: everything shown comes out of `evals.movement`, hidden where it would tell of fewer than five.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from evals.movement import ALL, MEASURES, Locality, Progress, Report
from evals.suppression import FEW, HIDDEN, Shown
from rag.errors import RecordError
from rag.records import Records
from rag.records.accounts import Session
from rag.records.movement import AUDIENCES, monday
from rag.roles import Role
from rag.spreadsheets import Table, to_xlsx
from ui.figures import EVERYWHERE, Figures, Made, goal_of, targets_of, today
from ui.rendering import page_html
from ui.sign_in import AdminWrites, At, Trainer
from ui.wording import local_time, typed_day, vietnamese_date

PREFIX = "/bao-cao"
UNITS = {
    "people": "người", "questions": "câu hỏi", "answered": "câu", "classes": "lớp", "lessons": "bài", "handovers": "lượt",
}  # fmt: skip
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_RECENT, _LINES = 12, 6
_HIDING = (
    "Số từ 1 đến 4 ghi là “<5”. “ẩn” là số phải giấu thêm để không ai cộng trừ ra được số nhỏ. "
    "Báo cáo chỉ có các tuần đã xong và không có thông tin của riêng ai."
)
_MIXED_UP = "Tuần bắt đầu đang sau tuần kết thúc, bạn chọn lại nhé."
_NO_WEEK = "Tuần bạn chọn không có trong báo cáo, bạn chọn lại nhé."
_NOT_PEOPLE = "Tỷ lệ người lớn và mỗi hộ một người chỉ dùng cho mục “Người học”, bạn chọn lại nhé."

router = APIRouter(prefix=PREFIX)
Text = Annotated[str, Form(max_length=120)]


def figures_of(request: Request) -> Figures:
    """Return the reports of the application."""
    return request.app.state.figures


Reported = Annotated[Figures, Depends(figures_of)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reader wants to see: a measure, and the Mondays of the first and last week."""

    measure: str
    weeks: tuple[date, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A target as it was typed, and what is wrong with it."""

    locality: str = ""
    audience: str = ""
    measure: str = "people"
    kind: str = "number"
    number: str = ""
    by: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One place of a table: how deep it lies and its figures, the total last."""

    name: str
    depth: int
    figures: tuple[Shown, ...]


@router.get("")
def report(
    records: At, session: Trainer, figures: Reported, muc: str = "people", tu: str = "", den: str = ""
) -> HTMLResponse:
    """Show the report."""
    return _page(records, session, figures, (muc, tu, den))


@router.get("/tai")
def export(records: At, session: Trainer, figures: Reported, tu: str = "", den: str = "") -> Response:
    """Hand out the reader's part of the report as Excel, every measure of it; without weeks, all of them."""
    if (made := figures.newest(records)) is None:
        raise HTTPException(503, "Báo cáo đang được tính, bạn thử lại sau ít phút nhé.")
    whole = made.report
    chosen = _chosen(whole, "people", tu or min(map(str, whole.weeks), default=""), den)
    if chosen.problem:
        raise HTTPException(422, chosen.problem)
    shown = _readers(records, session, whole).part(_scope(records, session, whole), chosen.weeks)
    notes = Table(("Ghi chú",), ((_HIDING,), (f"Tính lúc {local_time(made.at)}.",)))
    name = f"bao-cao-{today():%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(to_xlsx({**shown.to_tables(), "Ghi chú": notes}), media_type=_XLSX, headers=headers)


@router.post("/muc-tieu")
def set_target(
    records: At, session: AdminWrites, figures: Reported, locality: Text = "", audience: Text = "", measure: Text = "",
    kind: Text = "number", number: Text = "", by: Text = "",
) -> Response:  # fmt: skip
    """Set a target, as a number or as a share of those who live in a place."""
    draft = Draft(locality, audience, measure, kind, number.strip(), by)
    target = _target(records, draft)
    if isinstance(target, str):
        return _page(records, session, figures, draft=replace(draft, problem=target), status=422)
    try:
        records.movement.set_target(session.user.name, locality, audience, measure, *target)
    except RecordError as error:
        raise HTTPException(409, "Địa phương này vừa bị xóa, bạn tải lại trang nhé.") from error
    return RedirectResponse(f"{PREFIX}#muc-tieu", 303)


@router.post("/muc-tieu/{number}/xoa")
def remove_target(records: At, session: AdminWrites, number: int) -> Response:
    """Remove a target."""
    try:
        records.movement.remove_target(session.user.name, number)
    except RecordError as error:
        raise HTTPException(404, "Không còn mục tiêu này.") from error
    return RedirectResponse(f"{PREFIX}#muc-tieu", 303)


def _page(
    records: Records, session: Session, figures: Figures, wanted: tuple[str, str, str] = ("people", "", ""),
    draft: Draft | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    made = figures.newest(records)
    values = {} if made is None else _values(records, session, made, wanted)
    chosen = values.get("chosen")
    if isinstance(chosen, Chosen) and chosen.problem:
        status = 422
    page = page_html(
        "report.html", session=session, made=made, measures=MEASURES, audiences=AUDIENCES, hiding=_HIDING, whole=_whole,
        localities=records.localities.all(), draft=draft or Draft(), may_set=session.user.role is Role.ADMIN,
        next_monday=monday(today()) + timedelta(weeks=1), today=today(), **values,
    )  # fmt: skip
    return HTMLResponse(page, status)


def _values(records: Records, session: Session, made: Made, wanted: tuple[str, str, str]) -> dict[str, object]:
    whole = made.report
    chosen = _chosen(whole, *wanted)
    shown = _readers(records, session, whole).part(_scope(records, session, whole), chosen.weeks)
    top = _top(session)
    cells = shown.cells[chosen.measure]
    return {
        "chosen": chosen, "weeks": whole.weeks, "audience_names": [*shown.audiences.values(), "Tổng"],
        "week_names": [*(f"{week:%d/%m}" for week in shown.weeks), "Cộng"],
        "totals": [(MEASURES[m], found.get((top, ALL, None), 0)) for m, found in shown.cells.items()],
        "by_audience": [_row(shown, p, [*(cells[p.id, a, None] for a in shown.audiences), cells[p.id, ALL, None]]) for p in shown.localities],
        "by_week": [_row(shown, p, _with_sum([cells[p.id, ALL, week] for week in shown.weeks])) for p in shown.localities],
        "plots": _plots(shown, chosen.measure, top),
        "goals": _goals(records, shown),
    }  # fmt: skip


def _top(session: Session) -> str:
    """Return the highest place that a reader sees."""
    return EVERYWHERE if session.user.role is Role.ADMIN else session.user.locality_id or EVERYWHERE


def _scope(records: Records, session: Session, whole: Report) -> Collection[str]:
    within = None if session.user.role is Role.ADMIN else records.localities.within(session.user.locality_id)
    return {place.id for place in whole.localities} if within is None else within


def _readers(records: Records, session: Session, whole: Report) -> Report:
    return whole.against(targets_of(records, whole))


def _chosen(whole: Report, measure: str, first: str, last: str) -> Chosen:
    """Return what is wanted; without weeks the last twelve, and those, too, with what is wrong with the wish."""
    measure = measure if measure in MEASURES else "people"
    recent = whole.weeks[-_RECENT:]
    known = {str(week): week for week in whole.weeks}
    if not known:
        return Chosen(measure, ())
    begin, end = known.get(first or str(recent[0])), known.get(last or str(recent[-1]))
    if begin is None or end is None:
        return Chosen(measure, recent, _NO_WEEK)
    if begin > end:
        return Chosen(measure, recent, _MIXED_UP)
    return Chosen(measure, tuple(week for week in whole.weeks if begin <= week <= end))


def _row(shown: Report, place: Locality, figures: Sequence[Shown]) -> Row:
    parents = {p.id: p.parent for p in shown.localities}
    depth, at = 0, place.parent
    while at in parents:
        depth, at = depth + 1, parents[at]
    return Row(place.name, depth, tuple(figures))


def _with_sum(figures: Sequence[Shown]) -> list[Shown]:
    """Add what a reader can add up, and nothing where that cannot be: the sum of hidden counts is no reader's."""
    numbers = [n for n in figures if isinstance(n, int)]
    return [*figures, sum(numbers) if len(numbers) == len(figures) else HIDDEN]


def _plots(shown: Report, measure: str, top: str) -> list[tuple[str, object]]:
    """Return the plots with their titles: the whole by week, and the largest of its parts."""
    names = {place.id: place.name for place in shown.localities}
    if not shown.weeks or top not in names:
        return []
    divided = _divided(shown, top)
    parts = _largest(shown, measure, _parts(shown, divided))
    plots: list[tuple[str, object]] = [
        (
            f"{MEASURES[measure]} theo tuần, {names[top]}",
            shown.week_plot(measure, [top], "tuần bắt đầu", UNITS[measure]),
        )
    ]
    if parts:
        title = f"{MEASURES[measure]} theo tuần, các nơi trong {names[divided]}"
        plots.append((title, shown.week_plot(measure, parts, "tuần bắt đầu", UNITS[measure])))
    return plots


def _divided(shown: Report, top: str) -> str:
    """Return the highest place with several parts: where one province takes part, its communes are what tells more."""
    while len(below := [part for part in _parts(shown, top) if not part.endswith("/")]) == 1 and _parts(
        shown, below[0]
    ):
        top = below[0]
    return top


def _parts(shown: Report, place: str) -> list[str]:
    return [part.id for part in shown.localities if part.parent == place]


def _largest(shown: Report, measure: str, places: Sequence[str]) -> list[str]:
    """Return up to six places by what is shown of them, so that their order tells nothing of what is not."""

    def size(place: str) -> int:
        n = shown.cells[measure][place, ALL, None]
        return -n if isinstance(n, int) else 0

    return sorted(places, key=size)[:_LINES]


def _goals(records: Records, shown: Report) -> list[tuple[int, str, Progress, str]]:
    """Return each target that a reader sees: its number, what it is about, its progress, and that in words."""
    names = {place.id: place.name for place in shown.localities}
    numbers = {(row.locality_id, row.audience, row.measure): row.id for row in records.movement.targets()}
    goals = []
    for row in shown.progress:
        target = row.target
        audience = shown.audiences.get(target.audience, "Mọi người")
        about = f"{names[target.locality]} · {audience} · {MEASURES[target.measure]}"
        number = numbers.get((target.locality, target.audience, target.measure))
        if number is not None:
            goals.append((number, about, row, f"{_reached(row)}, {_left(target.by)}"))
    return goals


def _reached(row: Progress) -> str:
    goal = f"{_whole(row.target.goal)} {UNITS[row.target.measure]}"
    if row.reached == FEW:
        return f"Đạt dưới 5 trên {goal}"
    if row.percent is None:
        return f"Số đã đạt đang ẩn, mục tiêu là {goal}"
    return f"{'Đã đạt đủ:' if row.percent >= 100 else 'Đạt'} {_whole(row.reached)} trên {goal}"


def _left(by: date) -> str:
    days = (by - today()).days
    if days < 0:
        return f"đã hết hạn ngày {vietnamese_date(by)}"
    return f"còn {math.ceil(days / 7)} tuần" if days > 0 else "hôm nay là hạn"


def _whole(n: Shown) -> str:
    return f"{n:,}".replace(",", ".") if isinstance(n, int) else n


def _target(records: Records, draft: Draft) -> tuple[int, date] | str:
    """Return a typed target's goal and day, or in Vietnamese what is wrong with it."""
    place = records.localities.all().get(draft.locality)
    if place is None:
        return "Bạn chọn địa phương cho mục tiêu nhé."
    if draft.audience not in {ALL, *AUDIENCES} or draft.measure not in MEASURES:
        return "Bạn chọn nhóm người và việc trong danh sách nhé."
    if draft.kind != "number" and draft.measure != "people":
        return _NOT_PEOPLE
    goal = goal_of(draft.kind, _number(draft.number), place)
    if isinstance(goal, str):
        return goal
    if (by := typed_day(draft.by)) is None or by < today():
        return "Bạn chọn hạn từ hôm nay trở đi nhé."
    return goal, by


def _number(typed: str) -> int | None:
    """Return a whole number as people type it: "1.000", "80 %" → 1000, 80; None where it is none."""
    digits = typed.replace(".", "").replace(" ", "").removesuffix("%")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
