"""Charts as SVG, drawn on the server without scripts or inline styles. CSS classes set the colors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ...maintenance.statistics import Statistics

BAR, GAP, HEIGHT = 20, 6, 110  # in units of the viewBox
SPARK_HEIGHT, SPARK_BAR = 20, 4
LEAST = 2.0  # the lowest visible bar


@dataclass(frozen=True)
class Bar:
    label: str  # below the bar; may be empty
    title: str  # tooltip and row of the table
    figures: Statistics


def draw_stacked_bars(name: str, caption: str, bars: Sequence[Bar]) -> SafeString:
    """Bars of delivered, retried and failed webhooks, and the same data as a table for screen readers."""
    tallest = max((_height(bar.figures) for bar in bars), default=0) or 1
    drawn = [_bar(number, bar, tallest) for number, bar in enumerate(bars)]
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>',
        ((bar.title, bar.figures.delivered, bar.figures.retried, bar.figures.failed) for bar in bars),
    )
    return format_html(
        '<figure class="chart"><figcaption id="{0}">{1}</figcaption>'
        '<svg viewBox="0 0 {2} {3}" role="img" aria-labelledby="{0}" preserveAspectRatio="none">{4}</svg>'
        '<div class="chart-labels" aria-hidden="true">{5}</div>'
        '<div class="visually-hidden"><table><caption>{1}</caption><thead><tr><th scope="col">When</th>'
        '<th scope="col">Delivered</th><th scope="col">Retries</th><th scope="col">Failed</th></tr></thead>'
        "<tbody>{6}</tbody></table></div></figure>",
        name,
        caption,
        len(bars) * (BAR + GAP),
        HEIGHT,
        format_html_join("", "{}", ((one,) for one in drawn)),
        format_html_join("", "<span>{}</span>", ((bar.label,) for bar in bars)),
        rows,
    )


def draw_sparkline(title: str, hours: Sequence[Statistics]) -> SafeString:
    """A small chart for a row of a list. `title` is its text alternative."""
    tallest = max((_height(one) for one in hours), default=0) or 1
    parts = []
    for number, one in enumerate(hours):
        bottom = float(SPARK_HEIGHT)
        for kind, count in (("good", one.delivered), ("bad", one.failed + one.retried)):
            if count:
                height = max(LEAST, count / tallest * SPARK_HEIGHT)
                bottom -= height
                parts.append((kind, number * (SPARK_BAR + 1), f"{bottom:.1f}", SPARK_BAR, f"{height:.1f}"))
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>',
        len(hours) * (SPARK_BAR + 1),
        SPARK_HEIGHT,
        title,
        title,
        format_html_join("", '<rect class="chart-{}" x="{}" y="{}" width="{}" height="{}"/>', parts),
    )


def _height(figures: Statistics) -> int:
    return figures.delivered + figures.failed + figures.retried


def _bar(number: int, bar: Bar, tallest: int) -> SafeString:
    left, bottom, parts = number * (BAR + GAP) + GAP / 2, float(HEIGHT), []
    one = bar.figures
    for kind, count in (("good", one.delivered), ("warn", one.retried), ("bad", one.failed)):
        if count:
            height = max(LEAST, count / tallest * (HEIGHT - LEAST))
            bottom = max(0.0, bottom - height)
            parts.append((kind, left, f"{bottom:.1f}", BAR, f"{height:.1f}"))
    text = f"{bar.title}: {one.delivered:,} delivered, {one.retried:,} retries, {one.failed:,} failed"
    return format_html(
        '<g><title>{}</title><rect class="chart-none" x="{}" y="0" width="{}" height="{}"/>{}</g>',
        text,
        left,
        BAR,
        HEIGHT,
        format_html_join("", '<rect class="chart-{}" x="{}" y="{}" width="{}" height="{}"/>', parts),
    )
