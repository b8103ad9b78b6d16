"""Charts as SVG, drawn on the server without scripts or inline styles. CSS classes set the colors.

There is no viewBox: positions and widths are in per cent, so a chart stretches while its text keeps its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

HEIGHT = 200  # pixels, with the labels
TOP, BOTTOM = 22, 24  # room above the highest line, for the value, and below the base line, for the labels
FILLED = 0.72  # of a bar's place
LEAST = 2.0  # pixels of the lowest visible bar
_SO_FAR = SafeString(
    '<span><svg aria-hidden="true"><rect width="10" height="10" rx="2" class="f-1s"/>'
    '<path class="hatch-line" d="M-1 5 5-1M0 10 10 0M5 11 11 5"/></svg>so far</span>'
)
_STEPS = (1, 2, 5, 10, 15, 20, 25, 50)


@dataclass(frozen=True)
class Series:
    """`color`: a class of charts.css: f-1, f-1s, f-miss, f-good, f-warn or f-bad."""

    label: str
    color: str


@dataclass(frozen=True)
class Bar:
    """`label`: below the bar, may be empty; `minor` ones are left out on a phone. `values`: one for each series.
    `running`: its period is not over."""

    label: str
    title: str
    values: tuple[int, ...]
    running: bool = False
    minor: bool = False


def draw_bars(
    name: str, caption: str, series: Sequence[Series], bars: Sequence[Bar], *, height: int = HEIGHT
) -> SafeString:
    """Stacked bars, and the same data as a table for screen readers. `name`: unique on the page. `caption`: what the
    chart says, in a sentence."""
    tallest = max((sum(bar.values) for bar in bars), default=0)
    step = choose_step(tallest)
    top = max(step, -(-tallest // step) * step)
    scale = (height - TOP - BOTTOM) / top
    base = height - BOTTOM
    lines = [(base - value * scale, value) for value in range(0, top + 1, step)]
    drawn = [_draw_bar(name, number, len(bars), bar, series, scale, base) for number, bar in enumerate(bars)]
    return format_html(
        '<div class="chart" role="img" aria-label="{}"><svg width="{}" height="{}" aria-hidden="true">{}</svg>'
        '<svg class="plot" width="100%" height="{}" aria-hidden="true">{}{}{}{}</svg></div>{}',
        caption,
        width := 8 + 7 * len(f"{top:,}"),
        height,
        format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="end">{}</text>',
            ((width - 8, f"{y + 4:.1f}", f"{value:,}") for y, value in lines),
        ),
        height,
        _hatch(name) if any(bar.running for bar in bars) else "",
        format_html_join(
            "",
            '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>',
            (("grid" if value else "axis", f"{y:.1f}", f"{y:.1f}") for y, value in lines),
        ),
        format_html_join("", "{}", ((one,) for one in drawn)),
        _highest(bars, tallest, scale, base),
        _table(caption, series, bars),
    )


def draw_legend(series: Sequence[Series], bars: Sequence[Bar]) -> SafeString:
    """Only for what occurs."""
    used = [one for number, one in enumerate(series) if any(bar.values[number] for bar in bars)]
    entries = format_html_join(
        "",
        '<span><svg aria-hidden="true"><rect width="10" height="10" rx="2" class="{}"/></svg>{}</span>',
        ((one.color, one.label) for one in used),
    )
    if any(bar.running and bar.values[0] for bar in bars):  # only those of the first series are hatched
        entries = format_html("{}{}", entries, _SO_FAR)
    return format_html('<p class="legend">{}</p>', entries)


def draw_strip(title: str, marks: Sequence[str]) -> SafeString:
    """One tick for each hour: "good", "warn" or "bad"; a short grey one for "", where nothing was sent."""
    place = 100 / max(1, len(marks))
    colors = {"good": "f-1", "warn": "f-warn", "bad": "f-bad"}
    parts = [
        (f"{number * place:.2f}%", *((0, 20) if mark else (8, 4)), colors.get(mark, "f-none"))
        for number, mark in enumerate(marks)
    ]
    ticks = format_html_join("", '<rect x="{}" y="{}" height="{}" rx="1.5" class="{}"/>', parts)
    return format_html('<svg class="strip" role="img" aria-label="{0}"><title>{0}</title>{1}</svg>', title, ticks)


def draw_share(part: float) -> SafeString:
    """A bar of a list of bars: `part` of the longest one, from 0 to 1."""
    return format_html(
        '<svg class="bar" aria-hidden="true"><rect class="f-1" height="8" width="{}%" rx="4"/></svg>',
        f"{part:.1%}"[:-1],
    )


def choose_step(tallest: int) -> int:
    """The distance of the lines: three or four of them, at round values."""
    wanted, factor = max(1, tallest / 3), 1
    while True:
        for step in _STEPS:
            if step * factor >= wanted:
                return step * factor
        factor *= 100 if factor == 1 else 10


def _draw_bar(
    name: str, number: int, count: int, bar: Bar, series: Sequence[Series], scale: float, base: float
) -> SafeString:
    place = 100 / count
    left, width, bottom = (number + (1 - FILLED) / 2) * place, FILLED * place, base
    parts: list[tuple[str, ...]] = []
    for one, value in zip(series, bar.values, strict=True):
        if value:
            height = max(LEAST, value * scale)
            bottom -= height
            gap = 1 if parts else 0  # between the parts of a stack
            look = f'fill="url(#{name}-hatch)"' if bar.running and one is series[0] else f'class="{one.color}"'
            parts.append((f"{left:.2f}%", f"{width:.2f}%", f"{bottom:.1f}", f"{max(1, height - gap):.1f}", look))
    said = ", ".join(f"{value:,} {one.label}" for one, value in zip(series, bar.values, strict=True))
    rects = "".join(f'<rect x="{x}" width="{w}" y="{y}" height="{h}" rx="1.5" {look}/>' for x, w, y, h, look in parts)
    label = format_html(
        '<text{} x="{}%" y="{}" text-anchor="middle">{}</text>',
        SafeString(' class="hide-phone"') if bar.minor else "",
        f"{(number + 0.5) * place:.2f}",
        f"{base + 18:.0f}",
        bar.label,
    )
    return format_html(
        "<g><title>{}: {}</title>{}</g>{}", bar.title, said, SafeString(rects), label if bar.label else ""
    )


def _highest(bars: Sequence[Bar], tallest: int, scale: float, base: float) -> SafeString | str:
    if not tallest:
        return ""
    number = next(number for number, bar in enumerate(bars) if sum(bar.values) == tallest)
    return format_html(
        '<text class="value" x="{}%" y="{}" text-anchor="middle">{}</text>',
        f"{(number + 0.5) * 100 / len(bars):.2f}",
        f"{base - tallest * scale - 6:.1f}",
        f"{tallest:,}",
    )


def _hatch(name: str) -> SafeString:
    return format_html(
        '<defs><pattern id="{}-hatch" class="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6"/><path d="M0 0v6"/></pattern></defs>',
        name,
    )


def _table(caption: str, series: Sequence[Series], bars: Sequence[Bar]) -> SafeString:
    heads = format_html_join("", '<th scope="col">{}</th>', ((one.label,) for one in series))
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        ((bar.title, format_html_join("", "<td>{}</td>", ((f"{value:,}",) for value in bar.values))) for bar in bars),
    )
    return format_html(
        '<div class="vh"><table><caption>{}</caption><thead><tr><th scope="col">When</th>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>",
        caption,
        heads,
        rows,
    )
