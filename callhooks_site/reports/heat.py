"""Calls by weekday and hour as a field of squares: SVG, drawn as the bars of `admin.kit.charts` are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ROW, CELL = 24, 22  # pixels
FAINTEST = 0.05  # of the colour of an hour without calls
OFFICE_HOURS = range(7, 20)  # shown even if nobody calls then


@dataclass(frozen=True)
class Heat:
    picture: SafeString
    legend: SafeString


def draw_heat(caption: str, calls: Sequence[Sequence[int]]) -> Heat:
    """`calls`: 24 numbers for each weekday, from Monday on. Hours of the night are shown if anybody called then."""
    used = [hour for hour in range(24) if any(day[hour] for day in calls)]
    hours = range(min([*used, OFFICE_HOURS[0]]), max([*used, OFFICE_HOURS[-1]]) + 1)
    most = max(max(day) for day in calls)
    place = 100 / len(hours)
    cells = [
        (
            f"{column * place:.2f}%",
            row * ROW,
            f"{place * 0.935:.2f}%",
            CELL,
            f"{FAINTEST + (1 - FAINTEST) * day[hour] / max(1, most):.2f}",
            f"{DAYS[row]} {hour}:00, {day[hour]:,} {'call' if day[hour] == 1 else 'calls'}",
        )
        for row, day in enumerate(calls)
        for column, hour in enumerate(hours)
    ]
    height = len(DAYS) * ROW + 22
    names = format_html_join(
        "", '<text x="0" y="{}">{}</text>', ((row * ROW + 15, day[:3]) for row, day in enumerate(DAYS))
    )
    below = format_html_join(
        "",
        '<text x="{}%" y="{}" text-anchor="middle"{}>{}</text>',
        (
            (f"{(column + 0.5) * place:.2f}", height - 6, SafeString(' class="hide-phone"' if column % 2 else ""), hour)
            for column, hour in enumerate(hours)
        ),
    )
    picture = format_html(
        '<div class="chart heat" role="img" aria-label="{}"><svg width="38" height="{}" aria-hidden="true">{}</svg>'
        '<svg class="plot" width="100%" height="{}" aria-hidden="true">{}{}</svg></div>{}',
        caption,
        height,
        names,
        height,
        format_html_join(
            "",
            '<rect class="f-1" x="{}" y="{}" width="{}" height="{}" rx="3" fill-opacity="{}"><title>{}</title></rect>',
            cells,
        ),
        below,
        _table(caption, calls, hours),
    )
    return Heat(picture, _legend(most))


def _legend(most: int) -> SafeString:
    steps = format_html_join(
        "",
        '<rect class="f-1" x="{}" width="10" height="10" rx="2" fill-opacity="{}"/>',
        ((number * 12, f"{FAINTEST + (1 - FAINTEST) * number / 4:.2f}") for number in range(5)),
    )
    return format_html(
        '<p class="legend"><span>0 calls</span><svg class="ramp" aria-hidden="true">{}</svg><span>{}</span></p>',
        steps,
        f"{most:,}",
    )


def _table(caption: str, calls: Sequence[Sequence[int]], hours: Sequence[int]) -> SafeString:
    heads = format_html_join("", '<th scope="col">{}</th>', ((f"{hour}:00",) for hour in hours))
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        (
            (DAYS[row], format_html_join("", "<td>{}</td>", ((f"{day[hour]:,}",) for hour in hours)))
            for row, day in enumerate(calls)
        ),
    )
    return format_html(
        '<div class="vh"><table><caption>{}</caption><thead><tr><th scope="col">Day</th>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>",
        caption,
        heads,
        rows,
    )
