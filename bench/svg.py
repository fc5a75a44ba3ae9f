"""Line plots and bars as SVG text: what docs/performance.md shows, without a plotting library."""

from collections.abc import Mapping, Sequence
from math import ceil, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 320, 70, 150, 36, 46
COLOURS = ("#1b6ac9", "#c94f1b", "#2a9134", "#8a3ab9", "#6b6b6b")
STYLE = "font-family='system-ui,sans-serif' font-size='12' fill='#444'"

Points = Sequence[tuple[float, float]]


def lines(title: str, x: str, y: str, series: Mapping[str, Points]) -> str:
    """A plot of named lines, both axes from 0."""
    every = [point for points in series.values() for point in points]
    right, top = _round_up(max(px for px, _ in every)), _round_up(max(py for _, py in every))

    def at(point: tuple[float, float]) -> tuple[float, float]:
        across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + across * point[0] / right, HEIGHT - BOTTOM - up * point[1] / top

    parts = _frame(title, x, y)
    for i in range(5):
        (_, line), (tick, _) = at((0, top * i / 4)), at((right * i / 4, 0))
        parts.append(f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{line:.1f}' y2='{line:.1f}' stroke='#ddd'/>")
        parts.append(_text(LEFT - 8, line + 4, _number(top * i / 4), "end"))
        parts.append(_text(tick, HEIGHT - BOTTOM + 18, _number(right * i / 4), "middle"))
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in map(at, points))
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{px:.1f}' cy='{py:.1f}' r='3' fill='{colour}'/>" for px, py in map(at, points)]
        px, py = at(points[-1])
        parts.append(_text(px + 8, py + 4, name, "start", colour))
    return _whole(parts)


def bars(title: str, y: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Groups of bars, the same names in each; what a group lacks has no bar."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    top = _round_up(max(value for group in groups.values() for value in group.values()))
    across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    slot = across / len(groups)
    wide = slot * 0.8 / len(names)
    parts = _frame(title, "", y)
    for i in range(5):
        line = HEIGHT - BOTTOM - up * i / 4
        parts.append(f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{line:.1f}' y2='{line:.1f}' stroke='#ddd'/>")
        parts.append(_text(LEFT - 8, line + 4, _number(top * i / 4), "end"))
    for place, (label, group) in enumerate(groups.items()):
        parts.append(_text(LEFT + slot * (place + 0.5), HEIGHT - BOTTOM + 18, label, "middle"))
        for i, name in enumerate(names):
            if (value := group.get(name)) is not None:
                left, high = LEFT + slot * (place + 0.1) + wide * i, up * value / top
                box = f"x='{left:.1f}' y='{HEIGHT - BOTTOM - high:.1f}' width='{wide:.1f}' height='{high:.1f}'"
                parts.append(f"<rect {box} fill='{COLOURS[i]}'/>")
    for i, name in enumerate(names):
        parts.append(_text(WIDTH - RIGHT + 12, TOP + 18 * i + 12, name, "start", COLOURS[i]))
    return _whole(parts)


def _frame(title: str, x: str, y: str) -> list[str]:
    return [
        _text(LEFT, 20, title, "start", "#000", "font-weight='600'"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x, "middle"),
        f"<text transform='rotate(-90 16 {HEIGHT / 2})' x='16' y='{HEIGHT / 2}' text-anchor='middle'>{escape(y)}</text>",
    ]


def _text(x: float, y: float, words: str, anchor: str, fill: str = "#444", more: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{fill}' {more}>{escape(words)}</text>"


def _whole(parts: Sequence[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' {STYLE}>"
    return "\n".join([head, "<rect width='100%' height='100%' fill='#fff'/>", *parts, "</svg>\n"])


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 of a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (ceil(log10(value)) - 1)
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.999)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
