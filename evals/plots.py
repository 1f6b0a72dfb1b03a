"""Plots as inline SVG, drawn by hand because a report must open anywhere, offline. Pure; numbers only, no foreign text."""

from collections.abc import Sequence

from markupsafe import Markup, escape

_W, _H, _PAD = 360, 220, 34


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
        f'<svg viewBox="0 0 460 {height}" width="460" role="img">{axis}{"".join(marks)}</svg>'  # numbers and escaped names
    )


def _frame(inside: str, x: str, y: str) -> Markup:
    ticks = "".join(
        f'<text x="{_x(v)}" y="{_H - _PAD + 14}" text-anchor="middle">{v}</text>'
        f'<text x="{_PAD - 5}" y="{_y(v) + 4}" text-anchor="end">{v}</text>'
        for v in (0, 0.5, 1)
    )
    return Markup(
        f'<svg viewBox="0 0 {_W} {_H}" width="{_W}" role="img"><rect class="frame" x="{_PAD}" y="{_PAD / 2}" '
        f'width="{_W - 1.5 * _PAD}" height="{_H - 1.5 * _PAD}"/>{ticks}{inside}'
        f'<text x="{_W / 2}" y="{_H - 2}" text-anchor="middle">{escape(x)}</text>'
        f'<text x="8" y="{_H / 2}" text-anchor="middle" transform="rotate(-90 8 {_H / 2})">{escape(y)}</text></svg>'
    )


def _x(value: float) -> float:
    return _PAD + value * (_W - 1.5 * _PAD)


def _y(value: float) -> float:
    return _H - _PAD - value * (_H - 1.5 * _PAD)


def _wide(value: float) -> float:
    return 160 + value * 240
