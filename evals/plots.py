"""Plots as inline SVG, drawn by hand because a report must open anywhere, offline. Pure; every text is escaped."""

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup, escape

_W, _H, _PAD = 360, 220, 34
_UNIT = ((0, "0"), (0.5, "0.5"), (1, "1"))
_DASHES = ("none", "6 3", "2 3", "10 3 2 3", "1 2", "12 4")


def line_plot(points: Sequence[tuple[float, float]], x: str, y: str, diagonal: bool = False) -> Markup:
    """Draw points of the unit square joined by a line, with the axes named `x` and `y`."""
    path = " ".join(f"{_x(a):.1f},{_y(b):.1f}" for a, b in points)
    guide = f'<line class="guide" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>' if diagonal else ""
    dots = "".join(f'<circle cx="{_x(a):.1f}" cy="{_y(b):.1f}" r="3"/>' for a, b in points if len(points) <= 20)
    return _frame(f'{guide}<polyline points="{path}"/>{dots}', x, y)


def interval_plot(rows: Sequence[tuple[str, float, float, float]]) -> Markup:
    """Draw (name, mean, low, high) one under the other, means as dots on the scale from 0 to 1."""
    height = 24 * len(rows) + 26
    marks = []
    for n, (name, mean, low, high) in enumerate(rows):
        y = 18 + 24 * n
        marks.append(
            f'<text x="150" y="{y + 4}" text-anchor="end">{escape(name)}</text>'
            f'<line class="bar" x1="{_wide(low):.1f}" y1="{y}" x2="{_wide(high):.1f}" y2="{y}"/>'
            f'<circle cx="{_wide(mean):.1f}" cy="{y}" r="4"/><text x="415" y="{y + 4}">{mean:.2f}</text>'
        )
    axis = "".join(
        f'<line class="grid" x1="{_wide(v)}" y1="6" x2="{_wide(v)}" y2="{height - 18}"/>'
        f'<text x="{_wide(v)}" y="{height - 4}" text-anchor="middle">{v}</text>'
        for v in (0, 0.25, 0.5, 0.75, 1)
    )
    return Markup(
        f'<svg viewBox="0 0 460 {height}" width="460" role="img" aria-label="Trung bình và khoảng 95 %">'
        f"{axis}{''.join(marks)}</svg>"  # numbers and escaped names
    )


def week_lines(weeks: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], x: str, y: str) -> Markup:
    """Draw a named line for each series over the weeks, from 0 to the largest value; None leaves a gap."""
    top = max((value for _, values in series for value in values if value is not None), default=0) or 1
    lines = "".join(
        _broken_line(values, top, _DASHES[n % len(_DASHES)]) + _key_row(name, n, _DASHES[n % len(_DASHES)])
        for n, (name, values) in enumerate(series)
    )
    shown = sorted({0, len(weeks) // 2, len(weeks) - 1}) if weeks else []
    across = [(at / max(1, len(weeks) - 1), weeks[at]) for at in shown]
    return _frame(lines, x, y, across, [(0, "0"), (1, f"{top:g}")], height=_H + 16 * len(series))


def target_bars(rows: Sequence[tuple[str, float | None, str]], x: str) -> Markup:
    """Draw (name, percent of the goal or None, words) one under the other; the line at 100 is the goal."""
    height = 24 * len(rows) + 40
    marks = []
    for n, (name, percent, words) in enumerate(rows):
        y = 18 + 24 * n
        length = 0 if percent is None else _wide(min(percent, 125) / 125) - _wide(0)
        marks.append(
            f'<text x="150" y="{y + 4}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="fill" x="{_wide(0)}" y="{y - 6}" width="{length:.1f}" height="12"/>'
            f'<text x="415" y="{y + 4}">{escape(words)}</text>'
        )
    axis = "".join(
        f'<line class="grid" x1="{_wide(v / 125)}" y1="6" x2="{_wide(v / 125)}" y2="{height - 32}"/>'
        f'<text x="{_wide(v / 125)}" y="{height - 18}" text-anchor="middle">{v}</text>'
        for v in (0, 50, 100)
    )
    label = f'<text x="{_wide(0.4)}" y="{height - 4}" text-anchor="middle">{escape(x)}</text>'
    return Markup(
        f'<svg viewBox="0 0 520 {height}" width="520" role="img" aria-label="{escape(x)}">{axis}{"".join(marks)}{label}</svg>'
    )


def _frame(
    inside: str, x: str, y: str, across: Sequence[tuple[float, str]] = _UNIT, up: Sequence[tuple[float, str]] = _UNIT, height: int = _H
) -> Markup:  # fmt: skip
    ticks = "".join(
        f'<text x="{_x(v)}" y="{_H - _PAD + 14}" text-anchor="middle">{escape(name)}</text>' for v, name in across
    ) + "".join(f'<text x="{_PAD - 5}" y="{_y(v) + 4}" text-anchor="end">{escape(name)}</text>' for v, name in up)
    return Markup(
        f'<svg viewBox="0 0 {_W} {height}" width="{_W}" role="img" aria-label="{escape(y)}, {escape(x)}"><rect class="frame" x="{_PAD}" y="{_PAD / 2}" '
        f'width="{_W - 1.5 * _PAD}" height="{_H - 1.5 * _PAD}"/>{ticks}{inside}'
        f'<text x="{_W / 2}" y="{_H - 2}" text-anchor="middle">{escape(x)}</text>'
        f'<text x="8" y="{_H / 2}" text-anchor="middle" transform="rotate(-90 8 {_H / 2})">{escape(y)}</text></svg>'
    )


def _broken_line(values: Sequence[float | None], top: float, dash: str) -> str:
    """Return one polyline a run of known values, and dots, so that a value between two gaps is seen."""
    step = max(1, len(values) - 1)
    points = [None if v is None else f"{_x(n / step):.1f},{_y(v / top):.1f}" for n, v in enumerate(values)]
    runs = [list(run) for known, run in groupby(points, key=lambda point: point is not None) if known]
    lines = "".join(f'<polyline stroke-dasharray="{dash}" points="{" ".join(map(str, run))}"/>' for run in runs)
    return lines + "".join(
        '<circle cx="{}" cy="{}" r="2.5"/>'.format(*point.split(",")) for point in points if point is not None
    )


def _key_row(name: str, n: int, dash: str) -> str:
    y = _H + 10 + 16 * n
    return (
        f'<polyline stroke-dasharray="{dash}" points="{_PAD},{y} {_PAD + 30},{y}"/>'
        f'<text x="{_PAD + 36}" y="{y + 4}">{escape(name)}</text>'
    )


def _x(value: float) -> float:
    return _PAD + value * (_W - 1.5 * _PAD)


def _y(value: float) -> float:
    return _H - _PAD - value * (_H - 1.5 * _PAD)


def _wide(value: float) -> float:
    return 160 + value * 240
