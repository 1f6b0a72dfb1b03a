import io
import itertools
from datetime import date, timedelta

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from evals.movement import ALL, Counted, Locality, Target, movement_report
from evals.plots import target_bars, week_lines
from evals.suppression import FEW, HIDDEN
from rag.errors import RecordError
from rag.spreadsheets import to_xlsx

MONDAY = date(2026, 11, 2)
XA, A, B, C = (Locality("xa", "Xã Mẫu", None, 101, 40), *(Locality(f"xa-{n}", f"Thôn {n}", "xa") for n in "abc"))
PEOPLE = {"old": "Người cao tuổi", "young": "Thanh niên", "women": "Phụ nữ"}


def _people(*rows: tuple[int, str, str, int]) -> list[Counted]:
    return [Counted(MONDAY + timedelta(7 * week), place, audience, "people", n) for week, place, audience, n in rows]


def _shown(rows, places, audiences=PEOPLE):
    return movement_report(rows, places, audiences, []).cells["people"]


def test_small_counts_are_few_and_the_smallest_neighbour_hides_them():
    cells = _shown(_people((0, "xa-a", "old", 3), (0, "xa-a", "young", 20), (0, "xa-a", "women", 9)), [XA, A])
    assert [cells["xa-a", audience, None] for audience in (*PEOPLE, ALL)] == [FEW, 20, HIDDEN, 32]


def test_a_place_cannot_be_worked_out_from_the_one_above_it():
    rows = _people((0, "xa-a", "old", 2), (0, "xa-b", "old", 30), (0, "xa-c", "old", 50))
    cells = _shown(rows, [XA, A, B, C], {"old": "x"})
    assert [cells[place, ALL, None] for place in ("xa-a", "xa-b", "xa-c", "xa")] == [FEW, HIDDEN, 50, 82]


def test_a_label_that_would_tell_is_taken_away():
    rows = _people(*((0, "xa-a", audience, 1) for audience in "pqrs"))
    cells = _shown(rows, [XA, A], dict.fromkeys("pqrs", "x"))
    assert {cells["xa-a", audience, None] for audience in "pqrs"} <= {FEW, HIDDEN}
    assert HIDDEN in {cells["xa-a", audience, None] for audience in (*"pqrs", ALL)}


def test_what_was_counted_in_no_part_of_a_place_has_a_row_of_its_own():
    rows = _people((0, "xa", "old", 3), (0, "xa-a", "old", 30), (0, "xa-b", "old", 40))
    report = movement_report(rows, [XA, A, B], PEOPLE, [])
    assert "Xã Mẫu, không ghi rõ nơi" in {place.name for place in report.localities}
    cells = report.cells["people"]
    assert [cells[place, ALL, None] for place in ("xa/", "xa-a", "xa-b", "xa")] == [FEW, HIDDEN, 40, 73]


def _sums(places, audiences, weeks):
    """All sums that a reader of the tables can write down, found from the tables' own shape."""
    for place in places:
        yield (place, ALL, None), [(place, a, None) for a in audiences]
        yield (place, ALL, None), [(place, ALL, w) for w in weeks]
        parts = [p for p in places if places[p] == place]
        for column in ([(ALL, None)] + [(a, None) for a in audiences] + [(ALL, w) for w in weeks]) if parts else []:
            yield (place, *column), [(p, *column) for p in parts]


def _ranges(report, least_hidden):
    """Return the least and the largest whole number possible for each cell that is not shown (solved exactly)."""
    cells = report.cells["people"]
    spots = list(cells)
    low = [{FEW: 1, HIDDEN: least_hidden}.get(cells[s], cells[s]) for s in spots]
    high = [{FEW: 4, HIDDEN: 500}.get(cells[s], cells[s]) for s in spots]
    at = {spot: n for n, spot in enumerate(spots)}
    rows = []
    for total, parts in _sums({p.id: p.parent for p in report.localities}, report.audiences, report.weeks):
        row = np.zeros(len(spots))
        row[[at[part] for part in parts]] = 1
        row[at[total]] -= 1
        rows.append(row)
    known = LinearConstraint(np.array(rows), 0, 0)
    whole, bounds = np.ones(len(spots)), Bounds(np.array(low), np.array(high))
    for spot in (s for s in spots if isinstance(cells[s], str)):
        weights = np.eye(len(spots))[at[spot]]
        found = [milp(sign * weights, constraints=known, bounds=bounds, integrality=whole) for sign in (1, -1)]
        yield spot, *(None if f.x is None else round(f.x[at[spot]]) for f in found)


COUNTS = st.one_of(st.integers(0, 6), st.integers(0, 40))


@st.composite
def _reports(draw):
    places = [XA, *[A, B, C][: draw(st.integers(1, 3))]]
    if draw(st.booleans()):
        places += [Locality("to-1", "Tổ 1", "xa-a"), Locality("to-2", "Tổ 2", "xa-a")][: draw(st.integers(1, 2))]
    audiences = list(PEOPLE)[: draw(st.integers(1, 3))]
    weeks = range(draw(st.integers(1, 3)))
    inner = {p.parent for p in places}
    leaves = [p.id for p in places if p.id not in inner or draw(st.integers(0, 3)) == 0]
    rows = [(w, place, a, draw(COUNTS)) for w, place, a in itertools.product(weeks, leaves, audiences)]
    return _people(*rows), movement_report(_people(*rows), places, {a: a for a in audiences}, [])


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(_reports())
def test_no_hidden_count_can_be_computed_from_what_is_shown(made):
    rows, report = made
    true = {spot: _true(rows, report, spot) for spot in report.cells["people"]}
    telling = any(shown == HIDDEN and true[spot] < 5 for spot, shown in report.cells["people"].items())
    for least in (1,) if telling else (1, 5):
        for spot, low, high in _ranges(report, least):
            assert low <= true[spot] <= high
            assert low < high, (spot, low, report.cells["people"])


@settings(max_examples=60, deadline=None)
@given(_reports())
def test_what_is_shown_is_true_and_every_small_count_is_hidden(made):
    rows, report = made
    for spot, shown in report.cells["people"].items():
        true = _true(rows, report, spot)
        assert shown == true if isinstance(shown, int) else (1 <= true < 5 if shown == FEW else true > 0)
        assert isinstance(shown, str) or shown == 0 or shown >= 5


def _true(rows, report, spot):
    place, audience, week = spot
    within = {place.removesuffix("/")}
    parents = {p.id: p.parent for p in report.localities}
    if not place.endswith("/"):
        for _ in parents:
            within |= {p for p, parent in parents.items() if parent in within}
    return sum(r.n for r in rows if r.locality in within and audience in (ALL, r.audience) and week in (None, r.week))


def test_every_table_that_fits_is_tried_by_brute_force():
    rows = _people((0, "xa-a", "old", 1), (0, "xa-a", "young", 5), (0, "xa-b", "old", 6), (0, "xa-b", "young", 7))
    cells = _shown(rows, [XA, A, B], {"old": "x", "young": "y"})
    leaves = [("xa-a", "old"), ("xa-a", "young"), ("xa-b", "old"), ("xa-b", "young")]
    tables = np.array(list(itertools.product(range(16), repeat=4)))
    fits, values = np.ones(len(tables), dtype=bool), {}
    for (place, audience, week), shown in cells.items():
        own = [n for n, (p, a) in enumerate(leaves) if place in ("xa", p) and audience in (ALL, a)]
        value = values[place, audience, week] = tables[:, own].sum(axis=1)
        fits &= (
            (value == shown)
            if isinstance(shown, int)
            else (value >= 5)
            if shown == HIDDEN
            else (value < 5) & (value > 0)
        )
    hidden = [spot for spot, shown in cells.items() if isinstance(shown, str)]
    assert cells["xa-a", "old", None] == FEW
    assert all(len(set(values[spot][fits])) > 1 for spot in hidden)


def test_progress_counts_all_places_below_and_hides_what_the_table_hides():
    rows = _people((0, "xa-a", "old", 30), (1, "xa-b", "old", 33), (1, "xa-b", "young", 2), (1, "xa-a", "young", 50))
    by = date(2026, 12, 31)
    targets = [Target("xa", ALL, "people", XA.goal(80), by), Target("xa-b", "young", "people", 10, by)]
    progress = movement_report(rows, [XA, A, B], PEOPLE, targets).progress
    assert [(p.target.goal, p.reached, p.percent) for p in progress] == [(81, 115, 141), (10, FEW, None)]


def test_the_workbook_has_a_sheet_a_measure_and_shows_no_small_count():
    rows = _people((0, "xa-a", "old", 3), (2, "xa-b", "old", 20), (2, "xa-b", "women", 9))
    tables = movement_report(
        rows, [XA, A, B], PEOPLE, [Target("xa", ALL, "people", 90, date(2026, 12, 31))]
    ).to_tables()
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(tables)))
    assert book.sheetnames[:2] == ["Người học, nơi-nhóm", "Người học, nơi-tuần"]
    assert len(book.sheetnames) == 13
    by_week = [[cell.value for cell in row] for row in book.worksheets[1]]
    assert by_week[0] == ["Nơi", "Thuộc", "02/11/2026", "09/11/2026", "16/11/2026", "Tổng mọi tuần"]
    assert by_week[2][:3] == ["Thôn a", "Xã Mẫu", FEW]
    numbers = {
        c.value for s in book.worksheets for row in s.iter_rows(min_row=2) for c in row if isinstance(c.value, int)
    }
    assert not numbers & {1, 2, 3, 4}


@pytest.mark.parametrize(
    "row",
    [
        Counted(MONDAY + timedelta(1), "xa", "old", "people", 1),
        Counted(MONDAY, "la", "old", "people", 1),
        Counted(MONDAY, "xa", ALL, "people", 1),
        Counted(MONDAY, "xa", "old", "hours", 1),
        Counted(MONDAY, "xa", "old", "people", -1),
    ],
)
def test_a_row_that_cannot_be_is_refused(row):
    with pytest.raises(RecordError):
        movement_report([row], [XA], PEOPLE, [])


def test_places_in_a_circle_or_of_one_id_are_refused():
    for places in ([Locality("a", "a", "b"), Locality("b", "b", "a")], [XA, XA]):
        with pytest.raises(RecordError):
            movement_report([], places, PEOPLE, [])


def test_plots_leave_gaps_and_escape_every_text():
    report = movement_report(_people((0, "xa", "old", 9), (1, "xa", "old", 2), (2, "xa", "old", 30), (3, "xa", "old", 31)),
                             [Locality("xa", "<b>Xã</b>", None)], PEOPLE, [Target("xa", ALL, "people", 100, MONDAY)])  # fmt: skip
    lines, bars = report.week_plot("people", ["xa"], "tuần <i>", "người & bạn"), report.target_plot("<script>")
    assert [report.cells["people"]["xa", ALL, w] for w in report.weeks] == [HIDDEN, FEW, 30, 31]
    assert lines.count("<circle") == 2
    assert "02/11" in lines
    assert not any(tag in lines + bars for tag in ("<b>", "<i>", "<script>", "& "))
    assert "72 / 100" in bars


def test_a_line_is_broken_at_a_gap_and_nothing_at_all_is_drawn_as_nothing():
    plot = week_lines(["1", "2", "3", "4", "5"], [("x", [1, 2, None, 4, None])], "a", "b")
    assert plot.count("<polyline") == 3  # two runs and the key
    assert week_lines([], [], "a", "b").count("<circle") == 0
    assert 'width="0.0"' in target_bars([("x", None, FEW)], "y")
