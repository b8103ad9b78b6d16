"""Success rate and sparkline of the last 24 hours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html

from ..maintenance import statistics
from ..maintenance.statistics import Hours, Statistics
from .kit import charts

HOURS = 24


def arrived_part(whole: Statistics, *, refuses: bool, waiting: int) -> float | None:
    """What part of the webhooks arrived, 0 to 1; None if there were none. `refuses`: its last answer was no, so that
    what waits to be tried again has not arrived."""
    over = whole.delivered + whole.failed + (waiting if refuses else 0)
    if not over:
        return None
    part = whole.delivered / over
    return min(part, 0.999) if refuses else part


def render_day(hours: Hours, *, refuses: bool = False, waiting: int = 0) -> Any:
    """`98.2 % of 1,204` with a bar for each hour; only text if nothing was sent. See `arrived_part`."""
    whole = statistics.sum_up(hours)
    if not (whole.delivered or whole.failed or whole.retried):
        return "Nothing sent"
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    marks = [mark_of(hours.get(now - timedelta(hours=back), Statistics())) for back in range(HOURS - 1, -1, -1)]
    text = summarize(whole, refuses=refuses, waiting=waiting)
    strip = charts.draw_strip(f"Last 24 hours: {text}", marks)
    return format_html('<span class="strip-line">{} <span class="nowrap">{}</span></span>', strip, text)


def mark_of(hour: Statistics) -> str:
    """How an hour went: "bad" if more failed than arrived, "warn" if some had to be tried again."""
    trouble = hour.failed + hour.retried
    if not (hour.delivered or trouble):
        return ""
    return "bad" if trouble > hour.delivered else "warn" if trouble else "good"


def summarize(whole: Statistics, *, refuses: bool = False, waiting: int = 0) -> str:
    part = arrived_part(whole, refuses=refuses, waiting=waiting)
    if part is None:
        return f"{whole.retried:,} retries"
    over = whole.delivered + whole.failed + (waiting if refuses else 0)
    return f"{format_percent(part)} of {over:,}"


def format_percent(part: float) -> str:
    """`100 %` only if all were delivered."""
    return "100 %" if part == 1 else f"{min(part * 100, 99.9):.1f} %"
